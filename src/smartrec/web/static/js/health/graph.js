/** One small graph over time: what is not known is a gap, and the value under the pointer is told. */

import { make, mark, write } from "../dom.js";
import { drawn } from "../icons.js";
import { say } from "./strings.js";

const WIDTH = 1000;
const HEIGHT = 100;
const ROOM = 1.12; // above the highest value
const STEPS = [1, 2, 3, 5, 10];

/**
 * @typedef {Object} Layer
 * @property {"line"|"band"|"bars"} kind A band lies between two rows; bars stand upon each other.
 * @property {string} name For its colour.
 * @property {string} row Of the history.
 * @property {string} [to] Of a band, the row at its other edge.
 *
 * @typedef {{step_ms: number, at_ms: number[], rows: Object<string, (number|null)[]>, from: number, to: number, since: number}} Course
 * The history of one camera, over the time that is shown.
 */

export class Graph {
  /**
   * @param {string} name
   * @param {string} title
   * @param {Layer[]} layers
   * @param {number} least What the scale reaches at any rate.
   * @param {(course: Course, i: ?number) => string} told The value at a step; null: on the whole.
   * @param {(ms: ?number) => void} pointed At which moment the pointer is.
   */
  constructor(name, title, layers, least, told, pointed) {
    Object.assign(this, { title, _layers: layers, _least: least, _told: told, _pointed: pointed });
    /** @type {?Course} */
    this._course = null;
    this._value = make("span", { class: "value" });
    this._svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this._paths = layers.map((layer) => drawn("path", { class: layer.kind, "data-name": layer.name }));
    this._grid = drawn("path", { class: "grid" });
    this._svg.append(this._grid, ...this._paths);
    this._mark = make("span", { class: "mark", "aria-hidden": "true" });
    this._unknown = make("i", { class: "unknown" });
    this._cursor = make("i", { class: "cursor", hidden: true });
    this._plot = make("div", { class: "plot", role: "img" }, this._unknown, this._svg, this._mark, this._cursor);
    for (const kind of ["pointermove", "pointerdown"]) this._plot.addEventListener(kind, (event) => this._point(event));
    this._plot.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && pointed(null)); // of a finger it stays
    this.element = make("div", { class: "graph", "data-name": name }, make("p", { class: "title" }, make("span", {}, title), this._value), this._plot);
  }

  /** @param {Course} course @param {?number} at The moment that is pointed at. @param {string} camera Its name. */
  show(course, at, camera) {
    this._course = course;
    const top = this._top();
    this._paths.forEach((path, i) => mark(path, "d", this._path(this._layers[i], top)));
    const line = round(top / ROOM);
    mark(this._grid, "d", `M0 ${y(line, top)}H${WIDTH}`);
    write(this._mark, say.count(line));
    this._mark.style.top = `${y(line, top)}%`;
    const unknown = Math.min(1, Math.max(0, (course.since - course.from) / (course.to - course.from)));
    this._unknown.style.width = `${100 * unknown}%`;
    mark(this._plot, "aria-label", `${camera}, ${this.title}: ${this._told(course, null)}`);
    this.point(at);
  }

  /** @param {?number} ms Tell the value of that moment; null: of the whole. */
  point(ms) {
    const course = this._course;
    if (!course) return;
    const i = ms === null ? null : Math.floor((ms - (course.at_ms[0] ?? 0)) / course.step_ms);
    this._cursor.hidden = ms === null || ms < course.from;
    if (ms !== null) this._cursor.style.left = `${(100 * (ms - course.from)) / (course.to - course.from)}%`;
    write(this._value, this._told(course, i));
  }

  _point({ clientX }) {
    const { left, width } = this._plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    if (this._course) this._pointed(this._course.from + share * (this._course.to - this._course.from));
  }

  _top() {
    const { rows } = this._course;
    const bars = this._layers.filter(({ kind }) => kind === "bars").map(({ row }) => rows[row]);
    const all = this._layers.flatMap(({ kind, row, to }) => (kind === "bars" ? [] : [rows[row], ...(to ? [rows[to]] : [])]));
    const stacked = bars.length ? bars[0].map((_, i) => bars.reduce((sum, row) => sum + (row[i] ?? 0), 0)) : [];
    return ROOM * [stacked, ...all].flat().reduce((most, n) => Math.max(most, n ?? 0), this._least);
  }

  _path(layer, top) {
    const { rows, at_ms: at, step_ms: step, from, to } = this._course;
    const x = (ms) => Math.round((10 * WIDTH * (ms - from)) / (to - from)) / 10;
    if (layer.kind === "bars") return this._bars(layer, top, x);
    const row = rows[layer.row];
    const parts = known(row).map(([first, last]) => {
      const points = (values) => range(first, last).map((i) => `${x(at[i] + step / 2)} ${y(values[i], top)}`);
      const line = first === last ? `${points(row)[0]}h0.1` : points(row).join("L");
      return layer.kind === "line" ? `M${line}` : `M${[...points(rows[layer.to]), ...points(row).reverse()].join("L")}Z`;
    });
    return parts.join("");
  }

  _bars(layer, top, x) {
    const { rows, at_ms: at, step_ms: step } = this._course;
    const below = this._layers.slice(0, this._layers.indexOf(layer)).map(({ row }) => rows[row]);
    const bar = (n, i) => {
      if (!n) return "";
      const base = below.reduce((sum, row) => sum + (row[i] ?? 0), 0);
      const left = x(at[i]);
      const wide = Math.max(4, x(at[i] + step) - left);
      return `M${left} ${y(base, top)}V${y(base + n, top)}h${wide}V${y(base, top)}Z`;
    };
    return rows[layer.row].map(bar).join("");
  }
}

const y = (value, top) => Math.round(10 * HEIGHT * (1 - value / top)) / 10;
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The highest number that people count in, at most so high. */
function round(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return power * STEPS.findLast((step) => step * power <= most * 1.02);
}

/** @param {(number|null)[]} row @returns {[number, number][]} First and last of each stretch without a gap. */
function known(row) {
  const found = [];
  row.forEach((value, i) => {
    if (value === null) return;
    if (i && row[i - 1] !== null) found.at(-1)[1] = i;
    else found.push([i, i]);
  });
  return found;
}
