/** Where zones are drawn: what pointer and keys do upon the picture. */

import { make } from "../dom.js";
import { LEAST, MOST, area, distance, fine, nearest, snapped, within } from "./geometry.js";
import { REACH, Shapes } from "./shapes.js";
import { say } from "./strings.js";

const STEP = 0.005;
const FAR = 0.05;
const NEAR = 9; // CSS pixels from the picture's edge
const STILL = { mouse: 3, pen: 5, touch: 8 }; // CSS pixels that a hand may tremble
const HELD_MS = 550;
const SAME = 4; // CSS pixels: the second click of two
const FLAT = 1e-6; // the settings take no smaller area
const MANY = 64;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Easel {
  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {boolean} editable
   * @param {(text: string) => void} announce To those who do not see.
   */
  constructor(drawing, editable, announce) {
    this._drawing = drawing;
    this._announce = announce;
    this._shapes = new Shapes(editable);
    this._size = { width: 1, height: 1 };
    this._grabbed = null;
    this._to = null;
    this._crossed = false;
    this.element = make("div", { class: "sheet" }, this._shapes.tags);
    this.element.append(this._shapes.svg);
    if (editable) this._listen(this._shapes.svg);
    this.draw();
  }

  _listen(svg) {
    const on = (kind, act) => svg.addEventListener(kind, act);
    on("pointerdown", (event) => event.button === 0 && event.isPrimary && this._down(event));
    on("pointermove", (event) => event.isPrimary && this._moved(event));
    on("pointerup", (event) => this._up(event));
    on("pointercancel", () => this._lost());
    on("pointerleave", () => this._hover(null));
    on("dblclick", () => this._drawing.draft && this.close());
    on("contextmenu", (event) => event.preventDefault()); // holding is deleting
    on("keydown", (event) => this._key(event));
    on("focusin", (event) => this._focused(event.target));
  }

  /** @param {import("../arrange.js").Place} place */
  put(place) {
    for (const side of ["left", "top", "width", "height"]) this.element.style[side] = `${place[side]}px`;
    this._size = { width: place.width, height: place.height };
    this._shapes.size = this._size;
    this.draw();
  }

  /** Show how things are. */
  draw() {
    const { zones, chosen, draft } = this._drawing;
    this._shapes.show(zones, chosen, draft !== null);
    this._shapes.draft(draft, this._to, this._crossed);
  }

  /** Draw a new zone. */
  start() {
    if (this._drawing.zones.length >= MANY) {
      this._announce(say.zonesMost);
      return;
    }
    this._to = [0.5, 0.5];
    this._crossed = true;
    this._drawing.sketch([]);
    this._shapes.svg.focus({ preventScroll: true });
    this._announce(say.drawHint);
  }

  /** What was drawn so far is given up. */
  stop() {
    this._grabbed = null;
    this._drawing.sketch(null);
  }

  /** The last corner is one too many. */
  back() {
    const { draft } = this._drawing;
    if (draft?.length) this._drawing.sketch(draft.slice(0, -1));
  }

  /** Let what is drawn be a zone. */
  close() {
    const { draft } = this._drawing;
    if (draft.length < LEAST || area(draft) < FLAT) {
      this._announce(draft.length < LEAST ? say.fewest : say.flat);
      return;
    }
    this._grabbed = null;
    this._drawing.sketch(null);
    this._drawing.step(() => this._drawing.add(draft));
    this._announce(say.added(this._drawing.zone.name));
    this.focus();
  }

  /** Delete the corner that has the focus, or the zone that is chosen. */
  remove() {
    const corner = this._shapes.cornerOf(document.activeElement);
    if (corner >= 0) this._drop(corner);
    else if (this._drawing.zone) this._removeZone();
  }

  /** Let the chosen zone have the focus. */
  focus() {
    this._shapes.zone(this._drawing.chosen)?.focus({ preventScroll: true });
  }

  /* pointer */

  _where({ clientX, clientY }) {
    const { left, top, width, height } = this._shapes.svg.getBoundingClientRect();
    return within([(clientX - left) / width, (clientY - top) / height]);
  }

  _snapped(point) {
    return snapped(point, this._size, NEAR);
  }

  _down(event) {
    this._lost(); // of what no end was told
    const at = this._where(event);
    if (this._drawing.draft) this._place(at, event);
    else this._grab(at, event);
    if (this._grabbed) this._shapes.svg.setPointerCapture(event.pointerId);
  }

  _place(at, event) {
    const { draft } = this._drawing;
    const point = this._snapped(at);
    this._crossed = false;
    this._to = point;
    if (draft.length >= LEAST && distance(draft[0], at, this._size) <= REACH) {
      event.preventDefault(); // the focus goes to the new zone
      this.close();
    } else if (draft.length < MOST && (!draft.length || distance(draft.at(-1), point, this._size) > SAME)) {
      this._grabbed = { what: "draft" };
      this._drawing.sketch([...draft, point]);
    }
  }

  _grab(at, event) {
    const drawing = this._drawing;
    const reach = event.pointerType === "mouse" ? Math.min(REACH, 14) : REACH;
    const polygon = drawing.zone?.polygon ?? [];
    const corner = nearest(polygon, at, this._size, reach);
    const middles = this._shapes.middles(polygon);
    const edge = corner < 0 ? nearest(middles.map(({ point }) => point), at, this._size, reach) : -1;
    const index = corner < 0 && edge < 0 ? this._shapes.zoneOf(event.target) : drawing.chosen;
    event.preventDefault(); // the focus is given here
    drawing.choose(index);
    if (index < 0) {
      document.activeElement?.blur();
      return;
    }
    this._grabbed = { from: at, still: STILL[event.pointerType] ?? STILL.mouse };
    if (corner >= 0) Object.assign(this._grabbed, { what: "corner", corner, point: polygon[corner] });
    else if (edge >= 0) Object.assign(this._grabbed, { what: "edge", after: middles[edge].after, point: middles[edge].point });
    else Object.assign(this._grabbed, { what: "zone", polygon: drawing.zone.polygon });
    (corner >= 0 ? this._shapes.corner(corner) : this._shapes.zone(index))?.focus({ preventScroll: true });
    if (corner >= 0 && event.pointerType !== "mouse") this._held = setTimeout(() => this._hold(corner), HELD_MS);
  }

  _moved(event) {
    const at = this._where(event);
    const grabbed = this._grabbed;
    if (!grabbed) this._hover(event.pointerType === "mouse" ? at : null);
    else if (grabbed.what === "draft") {
      this._to = this._snapped(at);
      this._drawing.sketch([...this._drawing.draft.slice(0, -1), this._to]);
    } else if (grabbed.moving || distance(grabbed.from, at, this._size) > grabbed.still) this._drag(grabbed, at);
  }

  _hover(at) {
    if (!this._drawing.draft || (this._crossed && !at)) return;
    this._to = at && this._snapped(at);
    this._crossed = false;
    this.draw();
  }

  _drag(grabbed, at) {
    clearTimeout(this._held);
    this._drawing.begin();
    const [across, down] = [at[0] - grabbed.from[0], at[1] - grabbed.from[1]];
    if (grabbed.what === "edge" && this._drawing.insert(grabbed.after + 1, grabbed.point)) {
      Object.assign(grabbed, { what: "corner", corner: grabbed.after + 1 });
      this._shapes.corner(grabbed.corner)?.focus({ preventScroll: true });
    }
    grabbed.moving = true;
    if (grabbed.what === "corner") this._drawing.corner(grabbed.corner, this._snapped([grabbed.point[0] + across, grabbed.point[1] + down]));
    else if (grabbed.what === "zone") this._drawing.shift(grabbed.polygon, across, down);
  }

  _up() {
    clearTimeout(this._held);
    const grabbed = this._grabbed;
    this._grabbed = null;
    if (grabbed?.moving) this._drawing.end();
  }

  /** The browser wanted the pointer for itself, to scroll. */
  _lost() {
    clearTimeout(this._held);
    const grabbed = this._grabbed;
    this._grabbed = null;
    if (grabbed?.what === "draft") this.back();
    else if (grabbed?.moving) this._drawing.cancel();
  }

  _hold(corner) {
    this._grabbed = null;
    this._drop(corner);
  }

  /* keys */

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this._drawing.draft ? this._draftKey(event) : this._shapeKey(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  _draftKey({ key, shiftKey }) {
    if (ARROWS[key]) return () => this._walk(ARROWS[key], shiftKey ? FAR : STEP);
    return { " ": () => this._put(), Enter: () => this.close(), Backspace: () => this.back(), Delete: () => this.back() }[key];
  }

  _walk(direction, step) {
    const [x, y] = this._to ?? [0.5, 0.5];
    this._to = [fine(x + step * direction[0]), fine(y + step * direction[1])];
    this._crossed = true;
    this.draw();
    this._announce(say.cross(this._to));
  }

  _put() {
    const { draft } = this._drawing;
    const at = this._to ?? [0.5, 0.5];
    if (draft.length >= LEAST && distance(draft[0], at, this._size) <= SAME) this.close();
    else if (draft.length < MOST && (!draft.length || distance(draft.at(-1), at, this._size) > 0)) {
      this._drawing.sketch([...draft, at]);
      this._announce(say.placed(draft.length + 1, at));
    }
  }

  _shapeKey({ key, shiftKey, target }) {
    const corner = this._shapes.cornerOf(target);
    const zone = this._shapes.zoneOf(target);
    if (corner < 0 && zone < 0) return undefined;
    if (ARROWS[key]) return () => this._nudge(corner, ARROWS[key], shiftKey ? FAR : STEP);
    const delete_ = corner < 0 ? () => this._removeZone() : () => this._drop(corner);
    const acts = { Delete: delete_, Backspace: delete_ };
    if (corner >= 0) Object.assign(acts, { "+": () => this._more(corner), Insert: () => this._more(corner), Escape: () => this.focus() });
    else Object.assign(acts, { Enter: () => this._shapes.corner(0)?.focus(), " ": () => this._shapes.corner(0)?.focus() });
    return acts[key];
  }

  _nudge(corner, direction, step) {
    const drawing = this._drawing;
    const [across, down] = direction.map((each) => each * step);
    if (corner < 0) {
      drawing.step(() => drawing.shift(drawing.zone.polygon, across, down), `zone ${drawing.chosen}`);
      this._announce(say.shifted(drawing.zone.name, drawing.zone.polygon));
      return;
    }
    const [x, y] = drawing.zone.polygon[corner];
    drawing.step(() => drawing.corner(corner, [x + across, y + down]), `corner ${drawing.chosen} ${corner}`);
    this._announce(say.moved(drawing.zone.polygon[corner]));
  }

  _more(corner) {
    const drawing = this._drawing;
    const { polygon } = drawing.zone;
    const next = polygon[(corner + 1) % polygon.length];
    const [x, y] = polygon[corner];
    let done = false;
    drawing.step(() => (done = drawing.insert(corner + 1, [(x + next[0]) / 2, (y + next[1]) / 2])));
    this._announce(done ? say.inserted(polygon.length + 1) : say.most);
    if (done) this._shapes.corner(corner + 1)?.focus();
  }

  _drop(corner) {
    const drawing = this._drawing;
    let done = false;
    drawing.step(() => (done = drawing.drop(corner)));
    this._announce(done ? say.dropped(drawing.zone.polygon.length) : say.fewest);
    if (done) this._shapes.corner(corner % drawing.zone.polygon.length)?.focus({ preventScroll: true });
  }

  _removeZone() {
    const { name } = this._drawing.zone;
    this._drawing.step(() => this._drawing.remove());
    this._announce(say.removed(name));
    this._shapes.svg.focus({ preventScroll: true });
  }

  _focused(target) {
    const zone = this._shapes.zoneOf(target);
    if (zone >= 0 && !this._drawing.draft) this._drawing.choose(zone);
  }
}
