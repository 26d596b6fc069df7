/** The timeline: what lies when, at any length from seconds to months. Also a slider for the keyboard. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { gestures } from "./gestures.js";
import { draw } from "./lanes.js";
import { bounded } from "./scale.js";
import { say, words } from "./strings.js";

const STEP = 0.02; // of what is shown, that the keyboard's cursor moves
const GLIDE_MS = 220;
const CALM = matchMedia("(prefers-reduced-motion: reduce)");
const COLOURS = ["ink", "soft", "line", "ground", "surface", "accent", "rec", "quiet"];
const ZOOM = 2;

export class Timeline {
  /**
   * @param {import("./density.js").Density} density
   * @param {Object} told
   * @param {(range: import("./scale.js").Range, settled: boolean) => void} told.moved
   * @param {(ms: number) => void} told.go The list shall begin there.
   * @param {() => number} told.now Milliseconds since 1970, of the recorder.
   * @param {() => {camera: string, from: number}[]} told.open What is being recorded.
   */
  constructor(density, told) {
    this._density = density;
    this._told = told;
    /** @type {import("./scale.js").Range} */
    this.range = { from: 0, to: 1 };
    this._cameras = [];
    this._cursor = null;
    this._hover = null;
    this._listed = null;
    this._pointed = null;
    this._build();
    this._sized = new ResizeObserver(() => this._measure());
    this._sized.observe(this._field);
    this._themed = new MutationObserver(() => this._paint());
    this._themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this._dark = matchMedia("(prefers-color-scheme: dark)");
    this._dark.onchange = () => this._paint();
    this._tick = setInterval(() => this.redraw(), 1000);
  }

  _build() {
    this._canvas = make("canvas", { "aria-hidden": "true" });
    this._field = make("div", { class: "field", role: "slider", tabindex: "0", "aria-label": words.timeline, "aria-roledescription": words.timeline, "aria-describedby": "timeline-keys" }, this._canvas);
    this._names = make("ol", { class: "lanes", "aria-hidden": "true" });
    const zoom = (label, picture, factor) => {
      const button = make("button", { type: "button", class: "tool", "aria-label": label, title: label }, icon(picture));
      button.addEventListener("click", () => this.zoom(factor));
      return button;
    };
    this._zoom = make("div", { class: "zoom" }, zoom(words.zoomOut, "less", ZOOM), zoom(words.zoomIn, "more", 1 / ZOOM));
    this._tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.element = make(
      "section",
      { class: "timeline", "aria-label": words.timeline },
      make("div", { class: "side" }, this._zoom, make("p", { class: "people", "aria-hidden": "true" }, words.persons), this._names),
      this._field,
      this._tip,
      make("p", { id: "timeline-keys", class: "unseen" }, words.timelineKeys),
    );
    gestures(this._field, {
      pan: (by) => this.pan(by),
      zoom: (factor, at) => this.zoom(factor, at, false),
      tap: (at) => {
        this._point(null);
        this._tapped = this._at(at);
        this._told.go(this._at(at));
      },
      point: (at) => this._point(at),
      settle: () => this._settle(),
    });
    this._field.addEventListener("dblclick", (event) => this.zoom(1 / 4, (event.clientX - this._field.getBoundingClientRect().left) / this._width));
    this._field.addEventListener("keydown", (event) => this._key(event));
    this._field.addEventListener("focus", () => this._field.matches(":focus-visible") && this._put(this._begin));
    this._field.addEventListener("blur", () => this._put(null));
  }

  /** @param {{id: string, name: string}[]} cameras From above. */
  set cameras(cameras) {
    const text = JSON.stringify(cameras.map(({ id, name }) => [id, name]));
    if (text === this._known) return;
    this._known = text;
    this._cameras = cameras;
    this._names.replaceChildren(...cameras.map(({ name }) => make("li", { title: name }, make("span", {}, name))));
    mark(this.element, "data-lanes", cameras.length > 5 ? "many" : cameras.length > 3 ? "some" : "few");
    this.element.style.setProperty("--lanes", String(Math.max(1, cameras.length)));
    this._measure();
  }

  /**
   * Show another range.
   * @param {import("./scale.js").Range} range
   * @param {boolean} [glide] Not at once.
   */
  show(range, glide = false) {
    cancelAnimationFrame(this._gliding);
    const [old, aim, begun] = [this.range, bounded(range), performance.now()];
    if (!glide || CALM.matches || document.hidden) {
      this._set(aim);
      this._told.moved(this.range, true);
      return;
    }
    const frame = (time) => {
      const part = Math.min(1, Math.max(0, (time - begun) / GLIDE_MS));
      const eased = 1 - (1 - part) ** 3;
      const between = (side) => old[side] + (aim[side] - old[side]) * eased;
      this._set(part < 1 ? { from: between("from"), to: between("to") } : aim);
      this._told.moved(this.range, part === 1);
      if (part < 1) this._gliding = requestAnimationFrame(frame);
    };
    this._density.want(aim, this._width);
    this._gliding = requestAnimationFrame(frame);
  }

  /** @param {number} by Of what is shown; later is positive. @param {boolean} [glide] */
  pan(by, glide = false) {
    const { from, to } = this.range;
    const shift = by * (to - from);
    this._move({ from: from + shift, to: to + shift }, glide);
  }

  /**
   * @param {number} factor Of the length.
   * @param {?number} [at] What stays where it is, 0 to 1; the middle, or the keyboard's cursor.
   * @param {boolean} [glide]
   */
  zoom(factor, at = null, glide = true) {
    const { from, to } = this.range;
    const fixed = at === null ? this._cursor ?? (from + to) / 2 : this._at(at);
    const around = bounded({ from: fixed + (from - fixed) * factor, to: fixed + (to - fixed) * factor }, fixed);
    this._move(around, glide);
  }

  _move(range, glide) {
    if (glide) {
      this.show(range, true);
      return;
    }
    cancelAnimationFrame(this._gliding);
    this._set(range);
    this._told.moved(this.range, false);
  }

  _settle() {
    clearTimeout(this._settling);
    this._settling = setTimeout(() => this._told.moved(this.range, true), 200);
  }

  _set(range) {
    this.range = range;
    if (this._width) this._density.want(range, this._width);
    this._sayAt(this._pointedAt);
    this.redraw();
  }

  /** @param {?import("./scale.js").Range} listed What of it the list shows. */
  set listed(listed) {
    const pixel = this._width ? (this.range.to - this.range.from) / this._width : 0;
    const moved = (side) => Math.abs((listed?.[side] ?? 0) - (this._listed?.[side] ?? 0)) > pixel;
    if (!moved("from") && !moved("to")) return;
    this._listed = listed;
    this.redraw();
  }

  /** @param {?Object} clip One that is pointed to in the list. */
  set pointed(clip) {
    this._pointed = clip;
    this.redraw();
  }

  /** Draw in the next frame. */
  redraw() {
    this._frame ??= requestAnimationFrame(() => {
      this._frame = null;
      this._draw();
    });
  }

  /** Let go of everything. */
  close() {
    clearInterval(this._tick);
    clearTimeout(this._settling);
    cancelAnimationFrame(this._frame);
    cancelAnimationFrame(this._gliding);
    this._sized.disconnect();
    this._themed.disconnect();
    this._dark.onchange = null;
    this._density.close();
  }

  _measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const { width, height } = this._field.getBoundingClientRect();
    if (!width || !height) return;
    const style = getComputedStyle(this.element);
    const length = (name) => parseFloat(style.getPropertyValue(name)) * rem;
    this._width = width;
    this._size = { width, height, rem, axis: length("--axis"), persons: length("--people"), lane: length("--lane"), name: length("--name") };
    this._canvas.width = Math.round(width * devicePixelRatio);
    this._canvas.height = Math.round(height * devicePixelRatio);
    this._paint();
    this._density.want(this.range, width);
  }

  _paint() {
    const style = getComputedStyle(this.element);
    this._colours = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    if (this._size) this._draw(); // a canvas that was resized is empty
  }

  _draw() {
    if (!this._size) return;
    const context = this._canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    draw(context, {
      range: this.range,
      size: this._size,
      cameras: this._cameras,
      found: this._density.found,
      open: this._told.open(),
      now: this._told.now(),
      cursor: this._pointedAt,
      listed: this._listed,
      pointed: this._pointed,
      colours: this._colours,
    });
  }

  _at(share) {
    return this.range.from + share * (this.range.to - this.range.from);
  }

  _nameOf(id) {
    return this._cameras.find((each) => each.id === id)?.name ?? id;
  }

  _point(at) {
    this._hover = at;
    this._sayAt(this._pointedAt);
    this.redraw();
  }

  /** Where somebody points to, with the keyboard or the mouse. */
  get _pointedAt() {
    return this._cursor ?? (this._hover === null ? null : this._at(this._hover));
  }

  /** Where the keyboard's cursor begins. */
  get _begin() {
    const { from, to } = this.range;
    const within = [this._tapped, this._told.now()].find((ms) => ms >= from && ms < to);
    return within ?? (from + to) / 2;
  }

  /** What lies at a moment: the bin, or some pixels. */
  _around(ms) {
    const { found } = this._density;
    const bin = found?.bin ?? 1000;
    const from = found ? found.from + Math.floor((ms - found.from) / bin) * bin : ms;
    return { from, to: from + bin };
  }

  _sayAt(ms) {
    this._tip.hidden = ms === null || !this._density.found;
    if (this._tip.hidden) return;
    const { from, to } = this._around(ms);
    const lines = this._density.between(from, to).filter((lane) => lane.clips);
    this._tip.replaceChildren(
      make("strong", {}, say.dayBetween(from, to)),
      ...lines.map((lane) => make("span", {}, `${this._nameOf(lane.id)}: ${say.count(lane.clips, lane.persons)}`)),
    );
    const place = this._field.offsetLeft + ((ms - this.range.from) / (this.range.to - this.range.from)) * this._width;
    const room = this.element.clientWidth - this._tip.offsetWidth - 4;
    this._tip.style.transform = `translateX(${Math.max(4, Math.min(room, place - this._tip.offsetWidth / 2))}px)`;
  }

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { from, to } = this.range;
    const length = to - from;
    const cursor = this._cursor ?? this._begin;
    const step = Math.max(STEP * length, this._density.found?.bin ?? 0);
    const acts = {
      ArrowLeft: () => this._put(cursor - (event.shiftKey ? 5 : 1) * step),
      ArrowRight: () => this._put(cursor + (event.shiftKey ? 5 : 1) * step),
      ArrowDown: () => this._put(cursor - step),
      ArrowUp: () => this._put(cursor + step),
      PageDown: () => this._put(cursor - length / 2),
      PageUp: () => this._put(cursor + length / 2),
      Home: () => this._put(from),
      End: () => this._put(to),
      "+": () => this.zoom(1 / ZOOM),
      "=": () => this.zoom(1 / ZOOM),
      "-": () => this.zoom(ZOOM),
      Enter: () => this._told.go(cursor),
      " ": () => this._told.go(cursor),
    };
    if (!acts[event.key]) return;
    event.preventDefault(); // the view's own keys are not meant either
    acts[event.key]();
  }

  /** Put the keyboard's cursor; what is shown follows it. */
  _put(ms) {
    this._cursor = ms;
    if (ms !== null) {
      const { from, to } = this.range;
      const beyond = ms < from ? ms - from : Math.max(0, ms - to);
      if (beyond) this._move({ from: from + beyond, to: to + beyond }, false);
      this._settle();
      this._speak();
    }
    this._sayAt(ms);
    this.redraw();
  }

  _speak() {
    const { from, to } = this.range;
    const at = this._cursor ?? this._begin;
    const around = this._around(at);
    const found = this._density.between(around.from, around.to).filter((lane) => lane.clips);
    const seconds = (ms) => String(Math.round(ms / 1000));
    mark(this._field, "aria-valuemin", seconds(from));
    mark(this._field, "aria-valuemax", seconds(to));
    mark(this._field, "aria-valuenow", seconds(at));
    mark(this._field, "aria-valuetext", say.cursor(around.from, around.to, found.map((lane) => [this._nameOf(lane.id), lane.clips, lane.persons])));
  }

  /** What is found has changed. */
  found() {
    this._speak();
    this._sayAt(this._pointedAt);
    this.redraw();
  }
}
