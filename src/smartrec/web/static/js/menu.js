/** A button that opens a panel below itself; one panel is open at a time. */

import { make, mark, write } from "./dom.js";

let open = null;
let count = 0;

export class Menu {
  /** @param {string} name Of the button's class. */
  constructor(name) {
    count += 1;
    this._text = make("span");
    this.panel = make("div", { class: "choices", id: `panel-${count}`, role: "group", hidden: true });
    this.button = make("button", { type: "button", class: "chip", "aria-expanded": "false", "aria-controls": this.panel.id }, this._text, make("i", { class: "arrow" }));
    this.element = make("div", { class: `menu ${name}` }, this.button, this.panel);
    this.button.addEventListener("click", () => (this.panel.hidden ? this.show() : this.hide()));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      event.stopPropagation();
      this.hide();
      this.button.focus();
    });
    this.element.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.element.contains(event.relatedTarget)) this.hide();
    });
    this._outside = (event) => this.element.contains(event.target) || this.hide();
  }

  /**
   * @param {string} text On the button.
   * @param {string} label Of the panel.
   * @param {boolean} on Whether something is chosen.
   */
  say(text, label, on) {
    write(this._text, text);
    mark(this.panel, "aria-label", label);
    this.button.classList.toggle("on", on);
  }

  /** Open it. */
  show() {
    open?.hide();
    open = this;
    this.panel.hidden = false;
    mark(this.button, "aria-expanded", "true");
    const { right } = this.panel.getBoundingClientRect();
    this.panel.classList.toggle("from-right", right > document.documentElement.clientWidth);
    document.addEventListener("pointerdown", this._outside);
  }

  /** Close it. */
  hide() {
    if (this.panel.hidden) return;
    if (open === this) open = null;
    this.panel.hidden = true;
    this.panel.classList.remove("from-right");
    mark(this.button, "aria-expanded", "false");
    document.removeEventListener("pointerdown", this._outside);
  }
}
