/** One clip of the list. */

import { pictureOf } from "../api.js";
import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { say, words } from "./strings.js";

export class Card {
  /**
   * @param {Object} told
   * @param {(id: string) => void} told.restore Take it out of the trash.
   * @param {(clip: Object) => void} told.open Its page is asked for.
   * @param {(card: ?Card) => void} told.point Somebody looks at it; null: no longer.
   */
  constructor(told) {
    this._told = told;
    this.clip = null;
    this._pointed = null;
    this._picture = make("img", { alt: "", decoding: "async" });
    this._picture.addEventListener("error", () => {
      this._pictured(false);
      write(this._slate, words.noThumbnail);
    });
    this._picture.addEventListener("load", () => this._pictured(true));
    this._slate = make("span", { class: "blank" });
    this._rec = make("span", { class: "plate rec" }, make("i", { class: "lamp" }), make("span"));
    this._length = make("span", { class: "plate length" });
    this._count = make("span");
    this._persons = make("span", { class: "plate many" }, icon("person"), this._count);
    /** Where a preview is put. */
    this.pane = make("span", { class: "thumb" }, this._slate, this._picture, this._persons, this._length, this._rec);
    this._time = make("strong");
    this._camera = make("span", { class: "camera" });
    this._signs = make("span", { class: "signs" });
    this._pin = icon("pin");
    this._pin.classList.add("solid");
    this._note = icon("note");
    this._signs.append(this._pin, this._note);
    this._what = make("span", { class: "what" });
    this._wrong = make("span", { class: "wrong" });
    this.link = make("a", {}, this.pane, make("span", { class: "line" }, this._time, this._camera, this._signs), make("span", { class: "line more" }, this._what, this._wrong));
    this.element = make("article", { class: "card" }, this.link);
    const point = () => told.point((this._pointed = this));
    const leave = () => this._pointed && told.point((this._pointed = null));
    this.link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && point());
    this.link.addEventListener("pointerleave", leave);
    this.link.addEventListener("focus", () => this.link.matches(":focus-visible") && point());
    this.link.addEventListener("blur", leave);
    this.link.addEventListener("click", () => told.open(this.clip));
  }

  /**
   * @param {Object} clip The API's brief.
   * @param {string} query Of the filters, for its address.
   * @param {(path: string) => URL} at
   */
  show(clip, query, at) {
    const other = this.clip?.id !== clip.id;
    const picture = pictureOf(clip);
    if (other || picture !== (this.clip && pictureOf(this.clip))) {
      this._pictured(false);
      if (picture) this._picture.src = at(picture);
      else this._picture.removeAttribute("src");
      write(this._slate, picture ? "" : clip.open ? words.noPictureYet : words.noThumbnail);
    }
    this.clip = clip;
    mark(this.element, "data-clip", clip.id);
    mark(this.element, "data-state", clip.state);
    mark(this.link, "href", `#clip/${encodeURIComponent(clip.id)}${query ? `?${query}` : ""}`);
    mark(this.link, "aria-label", say.spoken(clip));
    this._rec.hidden = clip.state !== "recording";
    this._length.hidden = clip.duration_s === null;
    write(this._length, clip.duration_s === null ? "" : say.duration(clip.duration_s));
    this._persons.hidden = !clip.persons;
    write(this._count, say.counted(clip.persons));
    write(this._time, say.time(clip.start_ms));
    mark(this._time, "title", say.when(clip.start_ms));
    write(this._camera, clip.camera_name);
    this._pin.classList.toggle("gone", !clip.pinned);
    this._note.classList.toggle("gone", !clip.note);
    mark(this._signs, "title", clip.note || null);
    write(this._what, [say.reason(clip.reason), clip.score === null ? "" : say.score(clip.score), ...clip.zones].filter(Boolean).join(" · "));
    write(this._wrong, wrongOf(clip));
    this._trash(clip);
  }

  /** For an open clip: how long it is by now. @param {number} now Milliseconds since 1970. */
  tick(now) {
    if (this.clip.state === "recording") write(this._rec.lastElementChild, say.running((now - this.clip.start_ms) / 1000));
  }

  /** Nothing is loaded for a card that is not shown. */
  leave() {
    this._picture.removeAttribute("src");
    this.clip = null;
    if (this._pointed) this._told.point((this._pointed = null));
    this.element.remove();
  }

  _pictured(there) {
    this._picture.classList.toggle("there", there);
  }

  _trash(clip) {
    if (clip.trashed_ms === null) {
      this._restore?.remove();
      this._restore = null;
      return;
    }
    write(this._what, say.trashed(clip.trashed_ms));
    if (this._restore) return;
    this._restore = make("button", { type: "button", class: "act restore", "data-needs": "admin", "aria-label": `${words.restore}: ${say.spoken(clip)}` }, words.restore);
    this._restore.addEventListener("click", () => {
      this._restore.disabled = true;
      this._told.restore(this.clip);
    });
    this.element.append(this._restore);
  }
}

const wrongOf = (clip) => (clip.lost ? say.lost(clip.lost) : clip.state === "recording" ? "" : say.state(clip.state));
