/** Of which time events are looked at: the last day, or any of the calendar. */

import { make, mark, write } from "../dom.js";
import { unitAt } from "../events/scale.js";
import { icon } from "../icons.js";
import { say, words } from "./strings.js";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export class Period {
  /**
   * @param {() => number} now Milliseconds since 1970.
   * @param {() => void} changed
   */
  constructor(now, changed) {
    this._now = now;
    this._changed = changed;
    /** @type {?number} Any moment of the day; null: the last 24 hours. */
    this._day = null;
    const arrow = (label, picture, step) => {
      const button = make("button", { type: "button", class: "tool", "aria-label": label, title: label }, icon(picture));
      button.addEventListener("click", () => this._step(step));
      return button;
    };
    this._name = make("span");
    this._picker = make("input", { type: "date", tabindex: "-1", "aria-hidden": "true" });
    this._picker.addEventListener("change", () => this._picked());
    const button = make("button", { type: "button", class: "date", title: words.day }, this._name, make("i", { class: "arrow" }));
    button.addEventListener("click", () => this._pick());
    this._later = arrow(words.later, "newer", 1);
    this.element = make("div", { class: "period" }, arrow(words.earlier, "older", -1), make("span", { class: "picked" }, button, this._picker), this._later);
    this._say();
  }

  /** @returns {import("../events/scale.js").Range} To the minute: what is the same is not asked twice. */
  get range() {
    if (this._day !== null) return unitAt(this._day, "day");
    const to = Math.ceil(this._now() / MINUTE_MS) * MINUTE_MS;
    return { from: to - DAY_MS, to };
  }

  get _today() {
    return unitAt(this._now(), "day").from;
  }

  _step(by) {
    if (this._day === null && by > 0) return;
    const day = this._day === null ? this._today : unitAt(this._day, "day", by).from;
    this._set(day > this._today ? null : day);
  }

  _picked() {
    const [y, m, d] = this._picker.value.split("-").map(Number);
    if (!d) this._set(null);
    else this._set(Math.min(new Date(y, m - 1, d).getTime(), this._today));
  }

  _pick() {
    try {
      this._picker.showPicker();
    } catch {
      this._picker.focus(); // an older browser
    }
  }

  _set(day) {
    this._day = day;
    this._say();
    this._changed();
  }

  _say() {
    write(this._name, this._day === null ? words.last : say.day(this._day));
    mark(this._later, "aria-disabled", this._day === null ? "true" : null);
  }
}
