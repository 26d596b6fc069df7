/** How much lies where on the timeline: asked of the server a little ahead of what is shown. */

import { asked } from "./query.js";
import { binFor, binned } from "./scale.js";

const PER_BIN = 6; // CSS pixels
const AHEAD = 0.5; // of what is shown, to either side
const PAUSE_MS = 60;
const MOST_BINS = 2000; // that the server makes

/**
 * @typedef {Object} Lane
 * @property {string} id
 * @property {string} name
 * @property {number[]} clips By bin; so the next.
 * @property {number[]} persons
 *
 * @typedef {Object} Found
 * @property {number} from Where the first bin begins, ms since 1970.
 * @property {number} to
 * @property {number} bin Milliseconds.
 * @property {Lane[]} lanes
 * @property {?Object[]} spans Each clip; null where they are too many.
 */

export class Density {
  /**
   * @param {import("../api.js")} api
   * @param {() => void} changed Something else is found.
   * @param {(error: ?Error) => void} told Why nothing is; null: it is again.
   */
  constructor(api, changed, told) {
    this._api = api;
    this._changed = changed;
    this._told = told;
    /** @type {?Found} */
    this.found = null;
    this._wanted = null;
    this._asking = null;
    this._timer = 0;
  }

  /** @param {import("./query.js").Filters} filters */
  set filters(filters) {
    this._query = asked(filters);
    this.refresh();
  }

  /**
   * Have what is needed for a range.
   * @param {import("./scale.js").Range} range
   * @param {number} width CSS pixels.
   */
  want(range, width) {
    const length = range.to - range.from;
    const bin = binFor(length, Math.max(20, width / PER_BIN));
    const has = this._asking ?? this.found;
    if (has && has.bin === bin && has.from <= range.from && has.to >= range.to) return;
    const from = Math.max(0, binned(range.from - AHEAD * length, bin));
    const bins = Math.min(MOST_BINS, Math.ceil((range.to + AHEAD * length - from) / bin));
    this._wanted = { from, to: from + bins * bin, bin };
    this._soon(this.found ? PAUSE_MS : 0);
  }

  /**
   * Ask again for the same.
   * @param {number} [pause] Milliseconds; what comes meanwhile is one with it.
   */
  refresh(pause = 0) {
    this._wanted ??= this._asking ?? (this.found && { from: this.found.from, to: this.found.to, bin: this.found.bin });
    if (this._wanted) this._soon(pause);
  }

  /** Ask no more. */
  close() {
    clearTimeout(this._timer);
    this._gone?.abort();
  }

  _soon(pause) {
    if (this._timer) return;
    this._timer = setTimeout(() => {
      this._timer = 0;
      this._ask();
    }, pause);
  }

  async _ask() {
    const wanted = this._wanted;
    if (!wanted) return;
    this._gone?.abort();
    const gone = (this._gone = new AbortController());
    [this._asking, this._wanted] = [wanted, null];
    const query = new URLSearchParams(this._query);
    query.set("from_ms", String(wanted.from));
    query.set("to_ms", String(wanted.to));
    query.set("bins", String(Math.round((wanted.to - wanted.from) / wanted.bin)));
    try {
      const answer = await this._api.get("timeline", query, gone.signal);
      this.found = { from: answer.from_ms, to: answer.to_ms, bin: answer.bin_ms, lanes: answer.cameras, spans: answer.spans };
      this._told(null);
    } catch (error) {
      if (gone.signal.aborted) return;
      this._told(error);
    } finally {
      if (this._gone === gone) this._asking = null;
    }
    this._changed();
  }

  /**
   * What lies between two moments; bins that are cut count whole.
   * @param {number} from
   * @param {number} to
   * @returns {{id: string, name: string, clips: number, persons: number}[]} Of each camera.
   */
  between(from, to) {
    const { found } = this;
    if (!found) return [];
    const first = Math.max(0, Math.floor((from - found.from) / found.bin + 1e-6));
    const end = Math.max(first, Math.ceil((to - found.from) / found.bin - 1e-6));
    const sum = (each) => each.slice(first, end).reduce((all, n) => all + n, 0);
    return found.lanes.map(({ id, name, clips, persons }) => ({ id, name, clips: sum(clips), persons: sum(persons) }));
  }
}
