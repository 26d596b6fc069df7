/** Numbers by free names, such as a camera's own controls: a line for each. */

import { make, mark } from "../dom.js";
import { icon } from "../icons.js";
import { say, words } from "./strings.js";

/** @implements {import("./controls.js").Control} */
export class Pairs {
  /** @param {import("./controls.js").Asked} asked */
  constructor({ changed }) {
    this._changed = changed;
    this._list = make("ol");
    this._more = make("button", { type: "button", class: "act small" }, icon("more"), make("span", {}, words.add));
    this._more.addEventListener("click", () => {
      this._list.append(this._line("", ""));
      this._list.lastElementChild.querySelector("input").focus();
    });
    this.element = make("div", { class: "pairs" }, this._list, this._more);
    this.input = this.element;
    this.group = true;
  }

  /** @param {Object<string, number>} value */
  show(value) {
    if (JSON.stringify(value ?? {}) === JSON.stringify(this.value())) return; // nobody's hand is moved
    this._list.replaceChildren(...Object.entries(value ?? {}).map(([name, number]) => this._line(name, String(number))));
  }

  /** @returns {Object<string, number>} Those that have a name. */
  value() {
    return Object.fromEntries(this._lines.filter(([name]) => name).map(([name, number]) => [name, Number(number)]));
  }

  get _lines() {
    return [...this._list.children].map((line) => [...line.querySelectorAll("input")].map((input) => input.value.trim()));
  }

  /** @returns {string} */
  wrong() {
    return this._lines.some(([name, number]) => name && number === "") ? words.noNumber : "";
  }

  /** @param {boolean} locked */
  lock(locked) {
    for (const each of this.element.querySelectorAll("input, button")) each.disabled = locked;
  }

  _line(name, number) {
    const called = make("input", { type: "text", value: name, maxlength: "64", autocapitalize: "none", autocorrect: "off", spellcheck: "false", autocomplete: "off", "aria-label": words.name, placeholder: words.name });
    const set = make("input", { type: "number", step: "1", value: number, "aria-label": words.number, placeholder: words.number });
    const remove = make("button", { type: "button", class: "tool" }, icon("remove"));
    const line = make("li", {}, called, set, remove);
    const say_ = () => mark(remove, "aria-label", say.removeNamed(called.value.trim()));
    line.addEventListener("input", () => {
      say_();
      this._changed();
    });
    remove.addEventListener("click", () => {
      line.remove();
      this._more.focus();
      this._changed();
    });
    say_();
    return line;
  }
}
