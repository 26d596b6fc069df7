/** One setting: its name, what it is changed with, where it comes from, what is wrong with it. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { sentence } from "../strings.js";
import { control } from "./controls.js";
import { prose } from "./prose.js";
import { say, words } from "./strings.js";

/** There is no going back to what was before somebody said it. */
const LASTING = new Set(["camera.id", "camera.source"]);

/** What may be is seen. */
const CHOSEN = new Set(["boolean", "choice"]);

let count = 0;

export class Row {
  /**
   * @param {import("./draft.js").Place} place
   * @param {import("./draft.js").Draft} draft
   * @param {() => void} changed
   */
  constructor(place, draft, changed) {
    count += 1;
    const id = `setting-${count}`;
    this.place = place;
    this._draft = draft;
    this._changed = changed;
    this._local = "";
    this._told = "";
    const { field } = place;
    this.label = say.label(field.key);
    this._control = control({ field, id, changed: () => this._take() });
    this._wrong = make("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
    this._about = this._explained(id);
    this._explain = make("button", { type: "button", class: "explain", "aria-expanded": "false", "aria-controls": this._about.id, "aria-label": say.about(this.label), title: say.about(this.label) }, "?");
    this._explain.addEventListener("click", () => this.explain(this._about.hidden));
    this._origin = make("span", { class: "origin" });
    this._undo = this._button(words.undo, say.undoOf(this.label), () => this._undone());
    this._reset = this._button("", "", () => this._resets());
    const name = this._control.group ? make("span", { class: "label", id: `${id}-label` }, this.label) : make("label", { for: id }, this.label);
    this.element = make(
      "div",
      { class: "setting", "data-key": field.key },
      make("div", { class: "called" }, name, this._explain),
      make("div", { class: "value" }, this._control.element),
      make("p", { class: "from" }, this._origin, this._undo, this._reset),
      this._wrong,
      this._about,
    );
    if (this._control.group) {
      mark(this._control.element, "role", "group");
      mark(this._control.element, "aria-labelledby", `${id}-label`);
    }
    this._searched = [this.label, field.key, field.help, ...(field.choices ?? []).map((value) => say.choice(field.key, value))].join(" ").toLowerCase();
  }

  _button(text, label, act) {
    const button = make("button", { type: "button", class: "quiet", "aria-label": label, hidden: true }, text);
    button.addEventListener("click", act);
    return button;
  }

  _explained(id) {
    const { field } = this.place;
    this._place = make("span");
    const usual = field.key === "camera.id" ? "" : say.default(say.value(field, field.default));
    return make(
      "div",
      { class: "about", id: `${id}-about`, hidden: true },
      make("p", {}, ...prose(field.help)),
      make("p", {}, make("code", {}, field.key), " ", [CHOSEN.has(field.kind) ? "" : say.allowed(field.allowed), usual && `${usual}.`, say.change(field.change)].filter(Boolean).join(" "), this._place),
    );
  }

  /** @param {boolean} shown Whether it is explained. */
  explain(shown) {
    this._about.hidden = !shown;
    mark(this._explain, "aria-expanded", String(shown));
  }

  /** @param {string[]} parts Small letters. @returns {boolean} Whether all are in its words. */
  matches(parts) {
    return parts.every((part) => this._searched.includes(part));
  }

  /** Put the focus into it. @param {boolean} [scroll] Let it be seen, too. */
  focus(scroll = true) {
    if (scroll) this.element.scrollIntoView({ block: "center" });
    const input = this._control.group ? this._control.element.querySelector("input, select, button") : this._control.input;
    (input.hidden ? this._control.element.querySelector("select") : input).focus({ preventScroll: true });
  }

  /** What is wrong with it; "" where nothing is. */
  get wrong() {
    return this._local || this._told;
  }

  /** @param {string} text What the recorder says is wrong. */
  tell(text) {
    this._told = text;
    this._sayWrong();
  }

  /** Whether it is another than the recorder has. */
  get changed() {
    return this._draft.changed(this.place) || Boolean(this._local);
  }

  /** Show what there is to be. @param {boolean} readOnly Nothing can be saved. */
  show(readOnly) {
    const { _draft: draft, place } = this;
    const { field } = place;
    const value = draft.value(place);
    if (!this._local) this._put(value);
    const overridden = draft.overridden(place);
    const fileOnly = Boolean(field.file_only) || (Boolean(field.text_file_only) && typeof draft.saved(place) === "string");
    const locked = overridden || fileOnly;
    const { changed } = this;
    this._control.lock(locked || readOnly);
    if ("placeholder" in this._control.input) mark(this._control.input, "placeholder", this._hint());
    mark(this.element, "data-changed", changed ? "" : null);
    mark(this.element, "data-locked", locked ? "" : null);
    this._from(draft, locked, changed, overridden);
    const inFile = draft.inFile(place);
    this._undo.hidden = !changed || readOnly;
    this._reset.hidden = changed || locked || readOnly || !inFile || LASTING.has(field.key);
    mark(this._reset, "aria-label", say.resetTo(this.label, say.value(field, field.default)));
    write(this._reset, say.reset(say.value(field, field.default)));
    mark(this._reset, "title", say.default(say.value(field, field.default)));
    write(this._place, inFile ? ` ${draft.origin(place)}` : "");
  }

  /** What holds where it is empty. */
  _hint() {
    const { field, camera } = this.place;
    if (field.key === "camera.name") return camera.id;
    return field.optional || !field.default?.length ? say.notSet(field.key) : null;
  }

  _put(value) {
    if (this.element.contains(document.activeElement) && JSON.stringify(this._control.value() ?? null) === JSON.stringify(value ?? null)) return;
    this._control.show(value);
  }

  _from(draft, locked, changed, overridden) {
    const { place } = this;
    const origin = draft.origin(place);
    const help = overridden ? say.lockedHelp(origin) : locked ? words.fileOnlyHelp : "";
    const text = changed ? (place.camera?.added ? "" : say.was(say.value(place.field, draft.saved(place)))) : overridden ? say.lockedBy(origin) : locked ? words.fileOnly : draft.inFile(place) ? say.place(origin) : origin === "default" ? "" : sentence(origin);
    if (this._origin.textContent !== text) this._origin.replaceChildren(...(locked ? [icon("lock")] : []), text);
    mark(this._origin, "title", help || (draft.inFile(place) ? origin : null));
  }

  _take() {
    this._local = this._control.wrong?.() ?? "";
    if (!this._local) this._draft.set(this.place, this._control.value());
    this._told = "";
    this._sayWrong();
    this._changed();
  }

  /** What is wrong in it is none of ours any more. */
  forget() {
    this._local = this._told = "";
    this._sayWrong();
  }

  _undone() {
    this.forget();
    this._draft.undo(this.place);
    this._again();
  }

  _resets() {
    this._draft.set(this.place, undefined);
    this._again();
  }

  /** Another value, by a button that may be gone then. */
  _again() {
    this._control.show(this._draft.value(this.place));
    this._changed();
    this.focus(false);
  }

  _sayWrong() {
    write(this._wrong, this.wrong ? sentence(this.wrong) : "");
    this._wrong.hidden = !this.wrong;
    mark(this.element, "data-wrong", this.wrong ? "" : null);
    mark(this._control.input, "aria-invalid", this.wrong && !this._control.group ? "true" : null);
    mark(this._control.input, "aria-describedby", this.wrong ? this._wrong.id : null);
  }
}
