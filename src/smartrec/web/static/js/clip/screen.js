/**
 * Where a clip is seen: its picture with the boxes upon it, or what stands in its place. As large as
 * it can be without being cut; full screen with the controls upon it.
 */

import { Boxes } from "../boxes.js";
import { make, mark, write } from "../dom.js";
import { turn } from "../picture.js";
import { words } from "./strings.js";

const STILL_MS = 2_500;

export class Screen {
  /**
   * @param {Object} asked
   * @param {() => void} asked.pressed The picture was clicked.
   * @param {() => void} asked.filled Full screen, or not any more.
   */
  constructor(asked) {
    this._asked = asked;
    this._layer = make("canvas", { class: "boxes", "aria-hidden": "true" });
    this._live = make("p", { class: "plate rec", hidden: true }, make("i", { class: "lamp" }), make("span", {}, words.recording));
    this._film = make("div", { class: "film", role: "img", "aria-label": words.player, hidden: true }, this._layer, this._live);
    this._title = make("strong");
    this._text = make("span", { class: "hint" });
    this._ways = make("div", { class: "acts" });
    this._slate = make("div", { class: "slate", role: "status" }, this._title, this._text, this._ways);
    this._busy = make("p", { class: "plate wait", hidden: true }, words.waiting);
    this.pane = make("div", { class: "pane" }, this._film, this._slate, this._busy);
    /** What fills the screen. */
    this.element = make("section", { class: "cinema", "aria-label": words.player }, this.pane);
    this._boxes = new Boxes(this._layer);
    this._shown = [];
    this._film.addEventListener("click", asked.pressed);
    this._sizes = new ResizeObserver(() => this._resize());
    this._sizes.observe(this._film);
    this._left = () => this._fill();
    document.addEventListener("fullscreenchange", this._left);
    for (const kind of ["pointermove", "pointerdown", "keydown"]) this.element.addEventListener(kind, () => this._moved());
  }

  /** @returns {boolean} */
  get full() {
    return document.fullscreenElement === this.element || this.element.classList.contains("filled");
  }

  /**
   * Let a player's picture be seen.
   * @param {?HTMLElement} picture null: nothing.
   * @param {number} shape Width over height of the upright picture.
   * @param {{rotate: number, flip: boolean}} [how] What the browser has to turn.
   */
  put(picture, shape, how = {}) {
    this._picture?.remove();
    this._picture = picture;
    this._film.hidden = !picture;
    if (!picture) return;
    this.shape = shape;
    if (picture.tagName === "VIDEO") turn(picture, how);
    this._film.prepend(picture);
  }

  /** @param {number} shape Width over height. */
  set shape(shape) {
    if (shape > 0 && Number.isFinite(shape)) this.pane.style.setProperty("--shape", String(shape));
  }

  /** @param {import("../looks.js").Shown[]} shown */
  boxes(shown) {
    this._shown = shown;
    this._boxes.draw(shown);
  }

  /** @param {string} text For those who do not see the picture. */
  name(text) {
    mark(this._film, "aria-label", text);
  }

  /**
   * What stands in the place of the picture, or upon it.
   * @param {?[string, string]} said null: nothing.
   * @param {{label: string, act?: () => void, href?: string}[]} ways
   * @param {boolean} upon Whether there is a picture to be seen behind it.
   */
  say(said, ways = [], upon = false) {
    this._slate.hidden = !said;
    if (!said) return;
    write(this._title, said[0]);
    write(this._text, said[1]);
    this._slate.classList.toggle("veil", upon);
    const told = JSON.stringify(ways);
    if (told === this._told) return; // one of them may have the focus
    this._told = told;
    const made = ways.map(({ label, act, href }) => {
      const way = href ? make("a", { class: "act", href }, label) : make("button", { class: "act", type: "button" }, label);
      if (act) way.addEventListener("click", act);
      return way;
    });
    this._ways.replaceChildren(...made);
  }

  /** @param {{waiting: boolean, recording: boolean}} now */
  mark({ waiting, recording }) {
    this._busy.hidden = !waiting || !this._slate.hidden;
    this._live.hidden = !recording;
  }

  /** Full screen and back; where the browser has none (iPhone), the whole window. */
  async toggleFull() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (this.full || !this.element.requestFullscreen) this._fillWindow();
    else await this.element.requestFullscreen().catch(() => this._fillWindow());
  }

  /** Let go of everything. */
  close() {
    this._sizes.disconnect();
    clearTimeout(this._stillness);
    document.removeEventListener("fullscreenchange", this._left);
    if (document.fullscreenElement === this.element) document.exitFullscreen();
  }

  _fillWindow() {
    this.element.classList.toggle("filled");
    this._fill();
  }

  _fill() {
    this._moved();
    this._asked.filled();
  }

  _moved() {
    this.element.classList.remove("still");
    clearTimeout(this._stillness);
    if (this.full) this._stillness = setTimeout(() => this.element.classList.add("still"), STILL_MS);
  }

  _resize() {
    const { clientWidth, clientHeight } = this._film;
    if (!clientWidth) return;
    this._boxes.resize(Math.round(clientWidth * devicePixelRatio), Math.round(clientHeight * devicePixelRatio), devicePixelRatio);
    this._boxes.draw(this._shown);
  }
}
