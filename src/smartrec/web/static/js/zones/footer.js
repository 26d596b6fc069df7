/** What is not saved yet, and what came of saving it. */

import { make, mark, write } from "../dom.js";
import { words } from "./strings.js";

const TOLD_MS = 8_000;

export class Footer {
  /**
   * @param {Object} asked
   * @param {(over: boolean) => void} asked.save `over`: whatever somebody else did.
   * @param {() => void} asked.discard
   * @param {() => void} asked.theirs What somebody else did is taken.
   */
  constructor(asked) {
    this._title = make("strong");
    this._text = make("span");
    this._other = button(words.theirs, asked.theirs);
    this._over = button(words.mine, () => asked.save(true));
    this._discard = button(words.discard, asked.discard);
    this._save = button(words.save, () => asked.save(false));
    this._save.classList.add("main");
    this._save.append(make("kbd", {}, "Ctrl S"));
    this.element = make("footer", { class: "saving", hidden: true }, make("p", { role: "status" }, this._title, this._text), make("div", { class: "acts" }, this._other, this._over, this._discard, this._save));
  }

  /**
   * What came of it; it stays for a while, or until something is drawn.
   * @param {"good"|"warn"|"conflict"|"busy"|""} tone
   * @param {string} [title]
   * @param {string} [text]
   */
  tell(tone, title = "", text = "") {
    clearTimeout(this._fading);
    this._told = tone ? { tone, title, text } : null;
    if (tone === "good") this._fading = setTimeout(() => this.tell(""), TOLD_MS);
    this._show();
  }

  /** @param {{dirty: boolean, wrong: string}} now `wrong`: why it cannot be saved. */
  say(now) {
    if (now.dirty && this._told?.tone === "good") this.tell("");
    this._now = now;
    this._show();
  }

  /** No more news. */
  close() {
    clearTimeout(this._fading);
  }

  _show() {
    const { dirty = false, wrong = "" } = this._now ?? {};
    const told = this._told;
    const conflict = told?.tone === "conflict";
    this.element.hidden = !dirty && !told;
    mark(this.element, "data-tone", told ? { conflict: "warn", busy: null }[told.tone] ?? told.tone : wrong ? "warn" : null);
    write(this._title, told?.title ?? (wrong || words.unsaved));
    write(this._text, told?.text ?? (wrong ? "" : words.atOnce));
    this._other.hidden = this._over.hidden = !conflict;
    this._discard.hidden = this._save.hidden = !dirty || conflict;
    mark(this._save, "aria-disabled", wrong || told?.tone === "busy" ? "true" : null);
  }
}

function button(label, act) {
  const made = make("button", { type: "button", class: "act" }, make("span", {}, label));
  made.addEventListener("click", () => made.getAttribute("aria-disabled") || act());
  return made;
}
