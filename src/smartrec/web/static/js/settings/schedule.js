/** Times of the week: a line for each entry, with its days and its times. */

import { make, mark } from "../dom.js";
import { icon } from "../icons.js";
import { days, say, words } from "./strings.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ENTRY = /^(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d:\d\d)-(\d\d:\d\d)$/;
const USUAL = "mon-fri 18:00-07:00";
const MIDNIGHT = "00:00";
const LATE = "24:00";

/** @implements {import("./controls.js").Control} */
export class Schedule {
  /** @param {import("./controls.js").Asked} asked */
  constructor({ changed }) {
    this._changed = changed;
    this._list = make("div", { class: "lines" });
    this._none = make("p", { class: "soft" }, words.always);
    this._more = make("button", { type: "button", class: "act small" }, icon("more"), make("span", {}, words.addTimes));
    this._more.addEventListener("click", () => this._add());
    this.element = make("div", { class: "schedule" }, this._none, this._list, this._more);
    this.input = this.element;
    this.group = true;
  }

  /** @param {string[]} value */
  show(value) {
    if (JSON.stringify(value ?? []) === JSON.stringify(this.value())) return; // nobody's hand is moved
    this._list.replaceChildren(...(value ?? []).map((text) => this._line(text)));
    this._count();
  }

  /** @returns {string[]} */
  value() {
    return [...this._list.children].map(written);
  }

  /** @param {boolean} locked */
  lock(locked) {
    for (const each of this.element.querySelectorAll("select, input, button")) each.disabled = locked;
  }

  _add() {
    const last = this._list.lastElementChild;
    this._list.append(this._line(last ? written(last) : USUAL));
    this._count();
    this._list.lastElementChild.querySelector("select, input").focus();
    this._changed();
  }

  _line(text) {
    const found = ENTRY.exec(text);
    const parts = found ? entry(found) : [field(make("input", { type: "text", value: text, class: "free" }), words.addTimes)];
    const remove = make("button", { type: "button", class: "tool" }, icon("remove"));
    const line = make("div", { role: "group" }, ...parts, remove);
    line.addEventListener("input", () => this._changed());
    remove.addEventListener("click", () => {
      const next = line.nextElementSibling ?? line.previousElementSibling;
      line.remove();
      this._count();
      (next?.querySelector("select, input") ?? this._more).focus();
      this._changed();
    });
    return line;
  }

  _count() {
    const lines = [...this._list.children];
    this._none.hidden = lines.length > 0;
    for (const [n, line] of lines.entries()) {
      mark(line, "aria-label", say.times(n + 1));
      mark(line.querySelector("button"), "aria-label", say.removeNth(n + 1));
    }
  }
}

function entry([, first, last, begin, end]) {
  const time = (value, label) => field(make("input", { type: "time", value, required: true }), label);
  return [
    make("span", {}, field(day(first ?? "mon"), words.firstDay), dash(), field(day(last ?? first ?? "sun"), words.lastDay)),
    make("span", {}, time(begin, words.begin), dash(), time(end === LATE ? MIDNIGHT : end, words.end)),
  ];
}

const dash = () => make("i", { "aria-hidden": "true" }, "–");

function day(chosen) {
  const select = make("select", {}, ...DAYS.map((value, n) => make("option", { value }, days[n])));
  select.value = chosen;
  return select;
}

function field(input, label) {
  mark(input, "aria-label", label);
  return input;
}

function written(line) {
  const free = line.querySelector(".free");
  if (free) return free.value;
  const [first, last, begin, end] = [...line.querySelectorAll("select, input")].map(({ value }) => value);
  return `${first}${last === first ? "" : `-${last}`} ${begin}-${end === MIDNIGHT ? LATE : end}`;
}
