/** What is being drawn: a camera's zones, one of them chosen, and every step back and forth. No DOM. */

import { LEAST, MOST, shifted, within } from "./geometry.js";

const STEPS = 200; // that can be taken back
const MERGED_MS = 1_500;
const NAME = /^[a-z0-9_-]{1,32}$/;

/**
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {Object} Zone
 * @property {string} name
 * @property {"include"|"exclude"} kind
 * @property {"bottom"|"center"|"any"} anchor
 * @property {Point[]} polygon
 */

export class Drawing {
  /** @param {() => void} changed Anything is other than it was. */
  constructor(changed) {
    this._changed = changed;
    /** @type {?Point[]} Corners of a zone that is not closed yet. */
    this.draft = null;
    this._set([]);
  }

  _set(zones) {
    /** @type {Zone[]} */
    this.zones = this.saved = zones;
    this._chosen = -1;
    this._past = [];
    this._future = [];
    this._before = null;
    this._merge = { name: "", at: 0 };
  }

  /** Begin with what is saved; steps are forgotten. @param {Zone[]} zones */
  load(zones) {
    const { name } = this.zone ?? {};
    this._set(zones);
    this._chosen = zones.findIndex((zone) => zone.name === name);
    this._changed();
  }

  /** What is there was saved. @param {Zone[]} zones */
  kept(zones) {
    this.saved = zones;
    this._changed();
  }

  get dirty() {
    return !this.holds(this.zones);
  }

  /** @param {?Zone[]} zones @returns {boolean} Whether these are what is saved, as far as it is known here. */
  holds(zones) {
    return JSON.stringify(this.saved) === JSON.stringify(zones);
  }

  get chosen() {
    return this._chosen;
  }

  /** @returns {?Zone} */
  get zone() {
    return this.zones[this._chosen] ?? null;
  }

  /** @param {?Point[]} points Of a zone that is being drawn; null: of none. */
  sketch(points) {
    this.draft = points;
    if (points) this._chosen = -1;
    this._changed();
  }

  /** @param {number} index -1: none. */
  choose(index) {
    if (index === this._chosen) return;
    this._chosen = index;
    this._merge.name = "";
    this._changed();
  }

  /** What follows, up to `end`, is one step. */
  begin() {
    this._before ??= this._now();
  }

  /** That step is done; nothing where nothing changed. */
  end() {
    const before = this._before;
    this._before = null;
    if (before && JSON.stringify(before.zones) !== JSON.stringify(this.zones)) this._remember(before);
    this._changed();
  }

  /** Put everything back as it was before `begin`. */
  cancel() {
    if (!this._before) return;
    this._restore(this._before);
    this._before = null;
    this._changed();
  }

  /**
   * A step by itself.
   * @param {() => void} act
   * @param {string} [merge] One with that of the same name just before.
   */
  step(act, merge = "") {
    const now = performance.now();
    const same = merge && merge === this._merge.name && now - this._merge.at < MERGED_MS;
    const before = this._now();
    act();
    if (!same && JSON.stringify(before.zones) !== JSON.stringify(this.zones)) this._remember(before);
    this._merge = { name: merge, at: now };
    this._changed();
  }

  _now() {
    return { zones: this.zones, chosen: this._chosen };
  }

  _restore({ zones, chosen }) {
    this.zones = zones;
    this._chosen = chosen;
  }

  _remember(before) {
    this._past = [...this._past.slice(1 - STEPS), before];
    this._future = [];
  }

  get undoable() {
    return this._past.length > 0;
  }

  get redoable() {
    return this._future.length > 0;
  }

  /** @returns {boolean} Whether there was a step to take back. */
  undo() {
    return this._turn(this._past, this._future);
  }

  /** @returns {boolean} */
  redo() {
    return this._turn(this._future, this._past);
  }

  _turn(from, to) {
    if (this._before || !from.length) return false;
    to.push(this._now());
    this._restore(from.pop());
    this._merge.name = "";
    this._changed();
    return true;
  }

  /** @param {Partial<Zone>} some Of the zone that is chosen. */
  edit(some) {
    this.zones = this.zones.map((zone, index) => (index === this._chosen ? { ...zone, ...some } : zone));
    if (this._before) this._changed();
  }

  /** @param {number} index @param {Point} point */
  corner(index, point) {
    this.edit({ polygon: this.zone.polygon.map((each, i) => (i === index ? within(point) : each)) });
  }

  /** @param {number} index It will have. @param {Point} point @returns {boolean} Whether there was room for it. */
  insert(index, point) {
    const { polygon } = this.zone;
    if (polygon.length >= MOST) return false;
    this.edit({ polygon: [...polygon.slice(0, index), within(point), ...polygon.slice(index)] });
    return true;
  }

  /** @param {number} index Of a corner. @returns {boolean} False: a zone has three at least. */
  drop(index) {
    const { polygon } = this.zone;
    if (polygon.length <= LEAST) return false;
    this.edit({ polygon: polygon.filter((_, i) => i !== index) });
    return true;
  }

  /** @param {Point[]} polygon From where. @param {number} across @param {number} down */
  shift(polygon, across, down) {
    this.edit({ polygon: shifted(polygon, across, down) });
  }

  /** A new zone, which is then chosen. @param {Point[]} polygon */
  add(polygon) {
    const names = new Set(this.zones.map((zone) => zone.name));
    let n = 1;
    while (names.has(`zone-${n}`)) n += 1;
    this.zones = [...this.zones, { name: `zone-${n}`, kind: "include", anchor: "bottom", polygon: polygon.map(within) }];
    this._chosen = this.zones.length - 1;
  }

  /** Take the zone away that is chosen. */
  remove() {
    this.zones = this.zones.filter((_, index) => index !== this._chosen);
    this._chosen = -1;
  }

  /** @returns {Map<number, "empty"|"taken">} What is wrong with names, by zone. */
  get mistakes() {
    const found = new Map();
    const taken = (name) => this.zones.filter((zone) => zone.name === name).length > 1;
    this.zones.forEach(({ name }, index) => {
      if (!NAME.test(name)) found.set(index, "empty");
      else if (taken(name)) found.set(index, "taken");
    });
    return found;
  }
}

/** @param {string} text Of somebody's keyboard. @returns {string} As near as a name may be. */
export const named = (text) =>
  text
    .normalize("NFD")
    .toLowerCase()
    .replace(/\s+/g, "-")
    .replace(/[^a-z0-9_-]/g, "")
    .slice(0, 32);
