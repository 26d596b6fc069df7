/** A clip's note: saves itself a moment after the last letter, and tells whether it did. */

import { make, mark, write } from "../dom.js";
import { note as noteWords, tell, words } from "./strings.js";

const QUIET_MS = 700;
const AGAIN_MS = 3_000;
const MOST = 2000;
const NEAR = 200;

export class Note {
  /**
   * @param {(text: string) => Promise<void>} save Throws a `Refused` where the recorder does not want it.
   * @param {(text: string) => void} leave Sends it though the page goes away.
   */
  constructor(save, leave) {
    this._save = save;
    this._leave = leave;
    this._kept = "";
    this._timer = 0;
    this._saving = false;
    this._text = make("textarea", { id: "clip-note", rows: "3", maxlength: String(MOST), placeholder: words.noteHint, spellcheck: "true" });
    this._state = make("span", { class: "saved", role: "status" });
    this._left = make("span", { class: "left" });
    this.element = make("section", { class: "note" }, make("h2", {}, make("label", { for: "clip-note" }, words.note), this._state), this._text, this._left);
    this._text.addEventListener("input", () => this._changed());
    this._text.addEventListener("blur", () => this._now());
    this._gone = () => this._dirty && this._leave(this._text.value);
    addEventListener("pagehide", this._gone);
  }

  /** The catalogue keeps no space at either end; here it stays while somebody writes on. */
  get _dirty() {
    return this._text.value.trim() !== this._kept.trim();
  }

  /** Write into it. */
  focus() {
    this._text.focus();
  }

  /**
   * What the catalogue has; what somebody is writing here is not taken away.
   * @param {string} text
   * @param {boolean} writable
   */
  show(text, writable) {
    this._text.readOnly = !writable;
    this.element.hidden = !writable && !text;
    const dirty = this._dirty;
    this._kept = text;
    if (dirty) return;
    if (this._text.value.trim() !== text) this._text.value = text;
    this._grow();
  }

  /** The view goes: what is not saved yet is sent now. */
  close() {
    clearTimeout(this._timer);
    removeEventListener("pagehide", this._gone);
    if (this._dirty) this._leave(this._text.value);
  }

  _changed() {
    this._grow();
    this._tell("", noteWords.unsaved);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._now(), QUIET_MS);
  }

  _grow() {
    const left = MOST - this._text.value.length;
    write(this._left, left < NEAR ? tell.left(left) : "");
    this._text.style.height = "auto";
    if (this._text.scrollHeight) this._text.style.height = `${this._text.scrollHeight + 2}px`;
  }

  async _now() {
    clearTimeout(this._timer);
    if (this._saving || !this._dirty) return;
    const text = this._text.value;
    this._saving = true;
    this._tell("", noteWords.saving);
    let again = 0;
    try {
      await this._save(text);
      this._kept = text;
      this._tell(this._dirty ? "" : "good", this._dirty ? noteWords.unsaved : noteWords.saved);
      if (this._dirty) again = QUIET_MS;
    } catch (error) {
      const refused = error.status >= 400 && error.status < 500 && error.status !== 401; // who logs in goes on
      this._tell("warn", refused ? noteWords.refused(error.message) : noteWords.failed(error.status ? error.message : noteWords.away));
      if (!refused) again = AGAIN_MS;
    }
    this._saving = false;
    if (again) this._timer = setTimeout(() => this._now(), again);
  }

  _tell(tone, text) {
    mark(this._state, "data-tone", tone);
    write(this._state, text);
  }
}
