/** The live picture with the drawing upon it, what to do next, and the way back. */

import { arrange, stack } from "../arrange.js";
import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { Tile } from "../tile.js";
import { say, words } from "./strings.js";

const NARROW = matchMedia("(max-width: 56rem)");
const TOUCH = matchMedia("(hover: none)");
const nothing = () => {};

export class Board {
  /**
   * @param {import("../cameras.js").Camera} camera
   * @param {import("../cameras.js").Camera[]} cameras All that there are.
   * @param {import("./easel.js").Easel} easel
   * @param {import("./points.js").Points} points
   * @param {Object} asked
   * @param {[string, string]} asked.back Where the way back leads, and what is there.
   * @param {(id: string) => void} asked.camera Another camera.
   * @param {(by: "undo"|"redo") => void} asked.turn
   */
  constructor(camera, cameras, easel, points, asked) {
    this._easel = easel;
    this._points = points;
    this.tile = new Tile(camera, { open: nothing, record: nothing, arm: nothing });
    this._stand = make("div", { class: "stand" }, this.tile.element, points.element, easel.element);
    this._hint = make("p", { class: "hint" });
    const tool = (name, act) => {
      const made = make("button", { type: "button", class: "tool", "aria-label": words[name], title: words[name] }, icon(name));
      made.addEventListener("click", () => made.getAttribute("aria-disabled") || act());
      return made;
    };
    const act = (label, act_) => {
      const made = make("button", { type: "button", class: "act small" }, label);
      made.addEventListener("click", act_);
      return made;
    };
    this._undo = tool("undo", () => asked.turn("undo"));
    this._redo = tool("redo", () => asked.turn("redo"));
    this._close = act(words.done, () => easel.close());
    this._close.classList.add("main");
    this._back = act(words.back1, () => easel.back());
    this._drafting = make("div", { class: "acts" }, this._back, act(words.cancel, () => easel.stop()), this._close);
    this.tools = make("div", { class: "tools" }, this._hint, this._drafting, this._undo, this._redo);
    this.element = make("section", { class: "board" }, head(camera, cameras, asked), this._stand, this.tools);
    this._sizes = new ResizeObserver(() => this.lay());
    this._sizes.observe(this._stand);
    this._resized = () => this.lay();
    addEventListener("resize", this._resized);
  }

  /** Put the picture where it belongs; without a caption, without black bars. */
  lay() {
    const width = this._stand.clientWidth;
    if (!width) return;
    const narrow = NARROW.matches;
    const [place] = narrow ? stack([this.tile.shape], { width, height: Math.max(160, 0.62 * innerHeight) }, 0, 0) : arrange([this.tile.shape], { width, height: this._stand.clientHeight }, 0, 0);
    this._stand.style.height = narrow ? `${place.height}px` : "";
    this.tile.put(place, 0);
    this._points.put(place);
    this._easel.put(place);
  }

  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {string} trouble Why nothing can be drawn.
   * @param {boolean} editable
   */
  say(drawing, trouble, editable) {
    const drafted = drawing.draft?.length ?? null;
    const rest = !editable || !drawing.zones.length ? "" : (drawing.zone ? say.rest : say.unchosen)(TOUCH.matches);
    write(this._hint, trouble || (say.hint(drafted, TOUCH.matches) || rest));
    mark(this._hint, "data-tone", trouble ? "warn" : null);
    this._drafting.hidden = drafted === null;
    this._back.hidden = !drafted;
    mark(this._close, "aria-disabled", drafted < 3 ? "true" : null);
    for (const [button, able] of [[this._undo, drawing.undoable], [this._redo, drawing.redoable]]) {
      button.hidden = !editable || drafted !== null;
      mark(button, "aria-disabled", able ? null : "true");
    }
  }

  /** Let go of everything. */
  close() {
    this._sizes.disconnect();
    removeEventListener("resize", this._resized);
    this.tile.close();
  }
}

function head(camera, cameras, { back: [address, name], camera: change }) {
  const back = make("a", { class: "back", href: address }, icon("older"), make("span", {}, name));
  const title = make("h1", {}, words.title);
  if (cameras.length < 2) return make("header", { class: "zones-head" }, back, title, make("span", { class: "of" }, camera.name));
  const select = make("select", { "aria-label": words.camera }, ...cameras.map(({ id, name }) => make("option", { value: id }, name)));
  select.value = camera.id;
  select.addEventListener("change", () => {
    change(select.value);
    select.value = camera.id; // until one is let go
  });
  return make("header", { class: "zones-head" }, back, title, select);
}
