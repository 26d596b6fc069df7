/** What can be done with a clip: download, pin, delete with a way back. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { words as shareWords } from "../session/strings.js";
import { Sharing } from "../session/sharing.js";
import { done, words } from "./strings.js";
import { toast } from "./toast.js";

const UNDO_S = 10;
const SHOWN_MS = 8_000;

export class Acts {
  /**
   * @param {string} id Of the clip.
   * @param {import("../route.js").Context} context
   * @param {(brief: Object) => void} changed The recorder told how the clip is now.
   */
  constructor(id, context, changed) {
    this._id = id;
    this._context = context;
    this._changed = changed;
    this._detail = null;
    this._asking = false;
    this._download = make("a", { class: "act", download: true }, icon("download"), make("span", {}, words.download));
    this._pin = this._button("pin", words.pin, "record", () => this._pinned());
    this._share = this._button("share", shareWords.share, "admin", () => this._shares());
    this._remove = this._button("remove", words.remove, "admin", () => this.remove());
    this._answer = make("p", { class: "answer", role: "status" });
    this.element = make("section", { class: "acts-of" }, make("div", { class: "acts" }, this._download, this._pin, this._share, this._remove), this._answer);
  }

  _button(name, label, needs, act) {
    const button = make("button", { type: "button", class: "act", "data-act": name, "data-needs": needs }, icon(name), make("span", {}, label));
    button.addEventListener("click", act);
    return button;
  }

  /** @param {Object} detail */
  show(detail) {
    this._detail = detail;
    const there = detail.media !== null && detail.trashed_ms === null && detail.proof.sha256 !== null;
    this._download.hidden = !there;
    this._download.href = String(this._context.api.at(`clips/${this._id}/video?download=1`));
    mark(this._pin, "aria-pressed", String(detail.pinned));
    mark(this._pin, "title", words.pinHelp);
    write(this._pin.lastElementChild, detail.pinned ? words.pinned : words.pin);
    this.element.hidden = detail.trashed_ms !== null; // the way back stands in the place of the picture
    const stays = detail.open ? words.openStays : detail.pinned ? words.pinnedStays : null;
    mark(this._remove, "aria-disabled", stays ? "true" : null);
    mark(this._remove, "title", stays ?? words.remove);
  }

  /** Into the trash; for some seconds there is a way back at hand. */
  async remove() {
    if (this._remove.getAttribute("aria-disabled")) {
      this._tell("warn", `${this._remove.title}.`);
      return;
    }
    const brief = await this._ask("DELETE", "");
    if (!brief) return;
    this._tell("", "");
    this._changed(brief);
    this._context.announce(done.deletedSpoken);
    toast(done.deleted, { label: words.undo, act: () => this.restore() }, UNDO_S);
  }

  /** Out of the trash; also when another view is shown by now. */
  async restore() {
    const brief = await this._ask("POST", "/restore", {});
    if (!brief) return;
    for (const old of document.querySelectorAll(".toast")) old.remove();
    this._tell("", done.restored);
    this._context.announce(done.restored);
    this._changed(brief);
  }

  _shares() {
    this._sharing = new Sharing(this._id);
    this._sharing.open();
  }

  /** Let go of everything. */
  close() {
    this._sharing?.close();
  }

  async _pinned() {
    const brief = await this._ask("PATCH", "", { pinned: !this._detail.pinned });
    if (!brief) return;
    this._changed(brief);
    this._tell("", brief.pinned ? done.pinned : done.unpinned);
  }

  async _ask(method, path, body) {
    if (this._asking) return null;
    this._asking = true;
    try {
      return await this._context.api.send(method, `clips/${this._id}${path}`, body);
    } catch (error) {
      const refused = error instanceof this._context.api.Refused;
      this._tell("warn", refused ? done.failed(error.message, error.hint) : done.noAnswer);
      return null;
    } finally {
      this._asking = false;
    }
  }

  _tell(tone, text) {
    mark(this._answer, "data-tone", tone);
    this._answer.textContent = text; // also where it is the same as before: it is then said again
    clearTimeout(this._fading);
    this._fading = setTimeout(() => write(this._answer, ""), SHOWN_MS);
  }
}
