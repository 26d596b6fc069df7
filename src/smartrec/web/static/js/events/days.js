/** Which time the timeline shows: a day, one before, today, any of the calendar. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { unitAt, unitOf } from "./scale.js";
import { say, words } from "./strings.js";

const UNITS = ["hour", "day", "week", "month"];

export class Days {
  /**
   * @param {Object} told
   * @param {(range: import("./scale.js").Range, go: boolean) => void} told.show `go`: the list, too.
   * @param {() => number} told.now Milliseconds since 1970.
   */
  constructor(told) {
    this._told = told;
    const arrow = (label, picture, step) => {
      const button = make("button", { type: "button", class: "tool", "aria-label": label, title: label }, icon(picture));
      button.addEventListener("click", () => this.step(step));
      return button;
    };
    this._name = make("span");
    this._picker = make("input", { type: "date", tabindex: "-1", "aria-hidden": "true" });
    this._date = make("button", { type: "button", class: "date", title: words.date }, this._name, make("i", { class: "arrow" }));
    this._date.addEventListener("click", () => this._pick());
    this._picker.addEventListener("change", () => {
      const [y, m, d] = this._picker.value.split("-").map(Number);
      if (d) this._told.show(unitAt(new Date(y, m - 1, d).getTime(), "day"), true);
    });
    this._today = make("button", { type: "button", class: "chip today" }, words.today);
    this._today.addEventListener("click", () => this.today());
    this._units = UNITS.map((unit) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, words[unit]);
      button.addEventListener("click", () => this.unit(unit));
      return button;
    });
    this.element = make(
      "div",
      { class: "days" },
      make("div", { class: "step" }, arrow(words.earlier, "older", -1), make("span", { class: "picked" }, this._date, this._picker), arrow(words.later, "newer", 1)),
      this._today,
      make("div", { class: "units", role: "group", "aria-label": words.length }, ...this._units),
    );
  }

  /** @param {import("./scale.js").Range} range What is shown. */
  say(range) {
    this._range = range;
    const unit = unitOf(range);
    write(this._name, say.range(range, unit));
    UNITS.forEach((each, i) => mark(this._units[i], "aria-pressed", String(each === unit)));
    const now = this._told.now();
    this._today.hidden = unit === "day" && now >= range.from && now < range.to;
    const day = new Date((range.from + range.to) / 2);
    const two = (n) => String(n).padStart(2, "0");
    const value = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
    if (this._picker.value !== value) this._picker.value = value;
  }

  /** The day that it is. */
  today() {
    this._told.show(unitAt(this._told.now(), "day"), true);
  }

  /** @param {"hour"|"day"|"week"|"month"} unit Around what is shown; around now, if that is in it. */
  unit(unit) {
    const { from, to } = this._range;
    const now = this._told.now();
    const around = now >= from && now < to ? now : (from + to) / 2;
    this._told.show(unitAt(around, unit), false);
  }

  /** @param {number} steps Units of the calendar, or what is shown. */
  step(steps) {
    const { from, to } = this._range;
    const unit = unitOf(this._range);
    const shift = steps * (to - from);
    this._told.show(unit ? unitAt(from, unit, steps) : { from: from + shift, to: to + shift }, true);
  }

  _pick() {
    try {
      this._picker.showPicker();
    } catch {
      this._picker.focus(); // an older browser
    }
  }
}
