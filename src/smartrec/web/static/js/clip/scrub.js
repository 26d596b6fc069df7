/**
 * The bar below the picture: what the clip is made of, what led to it, how sure the detector was of
 * somebody, and where in it one is. Dragged, it shows each picture at once.
 */

import { make, mark, write } from "../dom.js";
import { drawn } from "../icons.js";
import { ticks } from "./parts.js";
import { tell, words } from "./strings.js";

const SNAP_PX = 7;
const TICK_REM = 5;
const TICK_HALF_REM = 1.25;
const HIGH = 100;

export class Scrub {
  /**
   * @param {Object} asked
   * @param {(time: number) => void} asked.begin A drag begins there, in milliseconds from the first picture.
   * @param {(time: number) => void} asked.move
   * @param {() => void} asked.end
   * @param {(time: number) => ?number} asked.score How sure the detector was of somebody then.
   */
  constructor(asked) {
    this._asked = asked;
    this._duration = 0;
    this._time = 0;
    this._moments = [];
    this._dragging = false;
    this._build();
    this._listen();
    this._sizes = new ResizeObserver(() => this._tick());
    this._sizes.observe(this.element);
  }

  _build() {
    this._faint = drawn("path", { class: "faint" });
    this._strong = drawn("path", { class: "strong" });
    const curve = drawn("svg", { viewBox: `0 0 1000 ${HIGH}`, preserveAspectRatio: "none", class: "curve", "aria-hidden": "true" }, this._faint, this._strong);
    this._segments = { before: make("i", { class: "before" }), event: make("i", { class: "event" }), after: make("i", { class: "after" }) };
    this._pins = make("div", { class: "pins" });
    this._needle = make("i", { class: "needle" });
    this._ghost = make("i", { class: "ghost", hidden: true }, make("span"));
    this._ticks = make("div", { class: "ticks", "aria-hidden": "true" });
    const rail = make("div", { class: "rail" }, ...Object.values(this._segments));
    this.element = make(
      "div",
      { class: "scrub", role: "slider", tabindex: "0", "aria-label": words.position, "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0" },
      make("div", { class: "over" }, curve, rail, this._pins, this._ghost, this._needle),
      this._ticks,
    );
    this._over = this.element.firstElementChild;
  }

  _listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this._duration) return;
      element.setPointerCapture(event.pointerId);
      this._dragging = true;
      element.classList.add("dragged");
      this._asked.begin(this._snapped(event));
    });
    element.addEventListener("pointermove", (event) => {
      const time = this._timeAt(event);
      this._hover(event.pointerType === "mouse" || this._dragging ? time : null);
      if (this._dragging) this._asked.move(time);
    });
    for (const kind of ["pointerup", "pointercancel"]) element.addEventListener(kind, () => this._drop());
    element.addEventListener("pointerleave", () => this._dragging || this._hover(null));
  }

  _drop() {
    if (!this._dragging) return;
    this._dragging = false;
    this.element.classList.remove("dragged");
    this._hover(null);
    this._asked.end();
  }

  _timeAt(event) {
    const { left, width } = this._over.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * this._duration;
  }

  /** A click beside the mark of a moment means the moment. */
  _snapped(event) {
    const time = this._timeAt(event);
    const near = (SNAP_PX * this._duration) / this._over.clientWidth;
    return this._moments.find((each) => Math.abs(each - time) < near) ?? time;
  }

  _hover(time) {
    this._ghost.hidden = time === null;
    if (time === null) return;
    this._place(this._ghost, time);
    write(this._ghost.firstElementChild, tell.hover(time, this._asked.score(time)));
    const part = time / this._duration;
    mark(this._ghost, "data-edge", part < 0.08 ? "left" : part > 0.92 ? "right" : null);
  }

  _place(element, time) {
    element.style.left = `${this._duration ? (100 * time) / this._duration : 0}%`;
  }

  /**
   * What the clip is made of.
   * @param {number} duration Milliseconds.
   * @param {?import("./parts.js").Parts} parts
   * @param {{at_s: number}[]} triggers
   */
  lay(duration, parts, triggers) {
    const laid = JSON.stringify([duration, parts]);
    const anew = laid !== this._laid;
    this._laid = laid;
    this._duration = duration;
    const { before, event, after } = this._segments;
    const edges = parts ?? { begin: 0, event: duration, after: duration, end: duration };
    for (const [element, name, begin, end] of [
      [before, words.before, edges.begin, edges.event],
      [event, words.event, edges.event, edges.after],
      [after, words.after, edges.after, edges.end],
    ]) {
      element.style.left = `${(100 * begin) / (duration || 1)}%`;
      element.style.width = `${(100 * (end - begin)) / (duration || 1)}%`;
      element.hidden = end - begin <= 0;
      write(element, tell.segment(name, end - begin));
    }
    this._moments = triggers.map((each) => each.at_s * 1000).filter((time) => time >= 0 && time <= duration);
    if (this._pins.childElementCount !== this._moments.length) this._pins.replaceChildren(...this._moments.map(() => make("i")));
    this._moments.forEach((time, index) => this._place(this._pins.children[index], time));
    this._place(this._needle, Math.min(this._time, duration));
    mark(this.element, "aria-valuemax", String(Math.round(duration) / 1000));
    if (anew) this._tick();
  }

  _tick() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = Math.max(1, Math.floor(this._over.clientWidth / (TICK_REM * rem)));
    const times = ticks(this._duration, room);
    const fine = times.length > 1 && times[1] < 1000;
    for (const part of Object.values(this._segments)) mark(part, "data-narrow", part.scrollWidth > part.clientWidth ? "" : null);
    const seen = times.filter((time) => (1 - time / this._duration) * this._over.clientWidth > TICK_HALF_REM * rem);
    this._ticks.replaceChildren(...seen.map((time) => {
      const tick = make("span", {}, tell.tick(time, fine));
      this._place(tick, time);
      return tick;
    }));
  }

  /**
   * How sure the detector was.
   * @param {import("./seen.js").Seen} seen
   * @param {number} least What counted.
   */
  curve(seen, least) {
    const runs = seen.runs();
    const x = (time) => Math.round((10_000 * time) / (this._duration || 1)) / 10;
    const area = (of) =>
      runs.map((run) => `M${x(run[0][0])} ${HIGH}${run.map(([time, score]) => `L${x(time)} ${(HIGH * (1 - of(score))).toFixed(1)}`).join("")}L${x(run.at(-1)[0])} ${HIGH}Z`).join("");
    mark(this._faint, "d", area((score) => score));
    mark(this._strong, "d", area((score) => (score >= least ? score : 0)));
    this.element.classList.toggle("curved", runs.length > 0);
  }

  /**
   * Where one is.
   * @param {number} time Milliseconds.
   * @param {string} text The same for those who listen.
   */
  at(time, text) {
    this._time = time;
    this._place(this._needle, time);
    mark(this.element, "aria-valuenow", String(Math.round(time) / 1000));
    mark(this.element, "aria-valuetext", text);
  }

  /** Let go of everything. */
  close() {
    this._sizes.disconnect();
  }
}
