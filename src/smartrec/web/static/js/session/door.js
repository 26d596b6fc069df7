/** What stands in the place of the page: the form to log in, or why nothing is shown. */

import { Refused } from "../api.js";
import { make, mark, write } from "../dom.js";
import { instead, tell, words } from "./strings.js";

export class Door {
  /** @param {(name: string, password: string) => Promise<void>} enter */
  constructor(enter) {
    this._enter = enter;
    /** Of the document, while it is shut. */
    this.title = "";
    this.element = make("main", { id: "door", hidden: true });
    document.body.append(this.element);
  }

  /** Whether it stands in the place of the page. */
  get shut() {
    return !this.element.hidden;
  }

  /** The page is shown. */
  open() {
    clearInterval(this._waiting);
    this._stands(false);
    this.element.replaceChildren(); // a form that goes is one that was right, to a keeper of passwords
  }

  /**
   * Ask who it is.
   * @param {?string} name Of who was logged in until now.
   */
  ask(name) {
    if (this.element.querySelector("form")) return; // somebody may be typing
    this._name = make("input", { id: "door-name", name: "username", autocomplete: "username", autocapitalize: "none", autocorrect: "off", spellcheck: "false", maxlength: "64", required: true, value: name ?? "" });
    this._password = make("input", { id: "door-password", name: "password", type: "password", autocomplete: "current-password", maxlength: "1024", required: true });
    this._button = make("button", { type: "submit", class: "act main" }, words.login);
    this._answer = make("p", { class: "answer", role: "alert" });
    this._wait = make("p", { class: "answer", "data-tone": "warn", "aria-hidden": "true", hidden: true }); // a countdown is no news each second
    const field = (label, input) => make("p", { class: "field" }, make("label", { for: input.id }, label), input);
    const form = make("form", { method: "post", "aria-labelledby": "door-title" }, field(words.name, this._name), field(words.password, this._password), this._answer, this._wait, this._button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._try();
    });
    this._show(words.login, make("p", { class: "soft" }, name ? words.expired : ""), form);
    (name ? this._password : this._name).focus();
  }

  /**
   * Say why nothing is shown.
   * @param {[string, string]} said
   * @param {{label: string, act?: () => void, href?: string}[]} ways On from here.
   */
  say([title, text], ways) {
    const same = this.element.querySelector(".acts") && this.title === title;
    if (same && this.element.querySelector(".soft").textContent === text) return; // one of the ways may have the focus
    const made = ways.map(({ label, act, href }) => {
      const way = href ? make("a", { class: "act", href }, label) : make("button", { class: "act", type: "button" }, label);
      if (act) way.addEventListener("click", act);
      return way;
    });
    this._show(title, make("p", { class: "soft" }, text), make("div", { class: "acts" }, ...made));
    this.element.querySelector("h1").focus();
  }

  _show(title, ...children) {
    clearInterval(this._waiting);
    this.title = title;
    this.element.replaceChildren(make("h1", { id: "door-title", tabindex: "-1" }, title), ...children);
    this._stands(true);
  }

  _stands(shut) {
    this.element.hidden = !shut;
    mark(document.documentElement, "data-door", shut ? "" : null);
  }

  async _try() {
    if (this._button.getAttribute("aria-disabled")) return;
    mark(this._button, "aria-disabled", "true");
    this._tell("");
    try {
      await this._enter(this._name.value, this._password.value);
      return;
    } catch (error) {
      if (error.status === 429) this._count(error.retry);
      else {
        mark(this._button, "aria-disabled", null);
        this._tell(error.status === 401 ? words.wrong : error instanceof Refused ? tell.refused(error.message, error.hint) : `${instead.away[0]}.`);
      }
    }
    this._password.value = "";
    this._password.focus();
  }

  /** Who guesses has to wait; so has whoever mistypes that often. */
  _count(seconds) {
    const until = performance.now() + 1000 * seconds;
    this._tell(tell.wait(seconds));
    this._answer.classList.add("unseen");
    const tick = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      this._wait.hidden = left <= 0;
      write(this._wait, tell.wait(left));
      if (left > 0) return;
      clearInterval(this._waiting);
      mark(this._button, "aria-disabled", null);
      this._tell("");
    };
    this._waiting = setInterval(tick, 1_000);
    tick();
  }

  _tell(text) {
    this._answer.classList.remove("unseen");
    write(this._answer, text);
    for (const input of [this._name, this._password]) mark(input, "aria-invalid", text === words.wrong ? "true" : null);
  }
}
