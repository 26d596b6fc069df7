/** How zones look: the elements of the drawing, made once and moved. */

import { make, mark, write } from "../dom.js";
import { drawn } from "../icons.js";
import { first } from "../outlines.js";
import { middle } from "./geometry.js";
import { say, words } from "./strings.js";

/** CSS pixels around a corner that hit it: a finger needs 44 in all. */
export const REACH = matchMedia("(any-pointer: coarse)").matches ? 22 : 12;
const ROOM = 3; // times that: an edge that is shorter shows no middle

/** @typedef {{width: number, height: number}} Size CSS pixels. */

export class Shapes {
  /** @param {boolean} editable */
  constructor(editable) {
    this._editable = editable;
    this._size = { width: 1, height: 1 };
    const line = drawn("path", { d: "M-3 15L15-3M9 15L15 9M-3 3L3-3" });
    const hatch = drawn("pattern", { id: "hatch", width: "12", height: "12", patternUnits: "userSpaceOnUse" }, line);
    this._zones = drawn("g");
    this._handles = drawn("g", { class: "handles" });
    this._middles = drawn("g", { "aria-hidden": "true" });
    this._corners = drawn("g");
    this._handles.append(this._middles, this._corners);
    this._path = drawn("polyline", { class: "path" });
    this._rubber = drawn("line", { class: "rubber" });
    this._dots = drawn("g");
    this._cross = drawn("path", { class: "cross", d: "M-14 0H-4M4 0H14M0-14V-4M0 4V14" });
    this._draft = drawn("g", { class: "draft", "aria-hidden": "true" }, this._path, this._rubber, this._dots, this._cross);
    this.svg = drawn("svg", { class: "lines" }, drawn("defs", {}, hatch), this._zones, this._draft);
    if (editable) for (const [name, value] of [["role", "application"], ["tabindex", "-1"], ["aria-label", words.drawing], ["aria-roledescription", words.drawingRole]]) mark(this.svg, name, value);
    else mark(this.svg, "aria-hidden", "true");
    this.tags = make("div", { class: "tags", "aria-hidden": "true" });
    /** @type {WeakMap<HTMLElement, Size>} Of the tags. */
    this._sizes = new WeakMap();
  }

  /** @param {Size} size */
  set size(size) {
    this._size = size;
    mark(this.svg, "viewBox", `0 0 ${size.width} ${size.height}`);
  }

  /** @param {number} index @returns {?SVGElement} What has the focus of a zone. */
  zone(index) {
    return this._zones.querySelectorAll(".area")[index] ?? null;
  }

  /** @param {number} index @returns {?SVGElement} */
  corner(index) {
    return this._corners.children[index] ?? null;
  }

  /** @param {EventTarget} target @returns {number} Which zone it is of; -1: none. */
  zoneOf(target) {
    const found = target.closest?.(".zone");
    return found ? this._groups.indexOf(found) : -1;
  }

  /** @param {EventTarget} target @returns {number} Which corner it is; -1: none. */
  cornerOf(target) {
    return [...this._corners.children].indexOf(target.closest?.(".corner"));
  }

  get _groups() {
    return [...this._zones.children].filter((each) => each !== this._handles);
  }

  /**
   * @param {import("./drawing.js").Zone[]} zones
   * @param {number} chosen
   * @param {boolean} drafting They give way to what is drawn.
   */
  show(zones, chosen, drafting) {
    this.svg.classList.toggle("drafting", drafting);
    const groups = this._groups;
    while (groups.length > zones.length) groups.pop().remove();
    while (groups.length < zones.length) groups.push(this._zones.appendChild(this._group()));
    zones.forEach((zone, index) => this._one(groups[index], zone, index === chosen));
    this._tag(zones, chosen);
    this._handle(zones[chosen], groups[chosen], drafting);
  }

  _group() {
    const area = drawn("polygon", this._editable ? { class: "area", tabindex: "0", role: "button", "aria-roledescription": words.zoneRole } : { class: "area" });
    return drawn("g", { class: "zone" }, drawn("polygon", { class: "edge" }), area);
  }

  _one(group, zone, chosen) {
    mark(group, "data-kind", zone.kind);
    group.classList.toggle("chosen", chosen);
    const points = this._points(zone.polygon);
    for (const each of group.children) mark(each, "points", points);
    if (!this._editable) return;
    mark(group.lastChild, "aria-label", say.zone(zone));
    mark(group.lastChild, "aria-pressed", String(chosen));
  }

  _tag(zones, chosen) {
    while (this.tags.children.length > zones.length) this.tags.lastChild.remove();
    while (this.tags.children.length < zones.length) this.tags.append(make("span", { class: "plate" }));
    zones.forEach((zone, index) => {
      const tag = this.tags.children[index];
      const as = `${zone.name} ${index === chosen}`;
      if (tag.dataset.as !== as) this._name(tag, as, zone.name, index === chosen);
      mark(tag, "data-kind", zone.kind);
      const [x, y] = this._at(first(zone.polygon, this._size.width / this._size.height));
      const left = Math.max(2, Math.min(x + (index === chosen ? 10 : 5), this._size.width - this._sizes.get(tag).width - 2));
      const top = Math.max(2, Math.min(y + (index === chosen ? 10 : 5), this._size.height - this._sizes.get(tag).height - 2));
      tag.style.transform = `translate(${left}px, ${top}px)`;
    });
  }

  /** It is measured only then: to measure is to lay out the whole page. */
  _name(tag, as, name, chosen) {
    write(tag, name);
    tag.classList.toggle("chosen", chosen);
    if (tag.offsetWidth) tag.dataset.as = as;
    this._sizes.set(tag, { width: tag.offsetWidth, height: tag.offsetHeight });
  }

  /** Corners of the zone that is chosen, and the middles of its edges. */
  _handle(zone, group, drafting) {
    const polygon = zone && this._editable && !drafting ? zone.polygon : [];
    if (group && this._handles.previousSibling !== group) group.after(this._handles); // keys go from a zone to its corners
    if (!polygon.length) this._handles.remove();
    keep(this._corners, polygon.length, () => drawn("g", { class: "corner", tabindex: "0", role: "button", "aria-roledescription": words.cornerRole }, drawn("circle", { class: "hit", r: String(REACH) }), drawn("circle", { class: "ring", r: "7" }), drawn("circle", { class: "dot", r: "5" })));
    polygon.forEach((point, index) => {
      this._move(this._corners.children[index], point);
      mark(this._corners.children[index], "aria-label", say.corner(zone.name, index, polygon.length, point));
    });
    const middles = this.middles(polygon);
    keep(this._middles, middles.length, () => drawn("g", { class: "middle" }, drawn("circle", { class: "hit", r: String(REACH - 3) }), drawn("circle", { class: "dot", r: "3.5" })));
    middles.forEach(({ point }, index) => this._move(this._middles.children[index], point));
  }

  /**
   * @param {import("./geometry.js").Point[]} polygon
   * @returns {{after: number, point: import("./geometry.js").Point}[]} Middles of edges that are long enough for one.
   */
  middles(polygon) {
    const next = (index) => polygon[(index + 1) % polygon.length];
    const long = (point, index) => {
      const [x, y] = this._at(point);
      const [u, v] = this._at(next(index));
      return Math.hypot(x - u, y - v) > ROOM * REACH;
    };
    return polygon.map((point, after) => ({ after, point: middle(point, next(after)) })).filter(({ after }) => long(polygon[after], after));
  }

  /**
   * What is being drawn.
   * @param {?import("./geometry.js").Point[]} points null: nothing.
   * @param {?import("./geometry.js").Point} to Where the next corner would be.
   * @param {boolean} crossed Whether keys move it.
   */
  draft(points, to, crossed) {
    mark(this._draft, "display", points ? null : "none");
    if (!points) return;
    mark(this._path, "points", this._points(points));
    keep(this._dots, points.length, () => drawn("g", {}, drawn("circle", { class: "dot", r: "5" })));
    points.forEach((point, index) => {
      this._dots.children[index].classList.toggle("first", index === 0 && points.length > 2);
      this._move(this._dots.children[index], point);
    });
    const last = points.at(-1);
    mark(this._rubber, "display", last && to ? null : "none");
    if (last && to) {
      const ends = { x1: this._at(last)[0], y1: this._at(last)[1], x2: this._at(to)[0], y2: this._at(to)[1] };
      for (const [name, value] of Object.entries(ends)) mark(this._rubber, name, String(value));
    }
    mark(this._cross, "display", crossed && to ? null : "none");
    if (to) this._move(this._cross, to);
  }

  _at([x, y]) {
    return [round(x * this._size.width), round(y * this._size.height)];
  }

  _points(polygon) {
    return polygon.map((point) => this._at(point).join()).join(" ");
  }

  _move(element, point) {
    mark(element, "transform", `translate(${this._at(point).join()})`);
  }
}

const round = (pixels) => Math.round(10 * pixels) / 10;

/** As many children as there should be; those that stay keep the focus. */
function keep(parent, count, one) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(one());
}
