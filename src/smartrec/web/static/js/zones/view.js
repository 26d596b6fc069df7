/** Zones: drawn on the live picture of a camera, tried on what it recorded, saved to the settings. */

import { make } from "../dom.js";
import { carry, takeUp } from "../replay/plan.js";
import { sheet } from "../sheet.js";
import { Board } from "./board.js";
import { Drawing } from "./drawing.js";
import { Easel } from "./easel.js";
import { Footer } from "./footer.js";
import { LEAST, area } from "./geometry.js";
import { Kept } from "./kept.js";
import { leaves } from "../leaving.js";
import { Panel } from "./panel.js";
import { Period } from "./period.js";
import { Points } from "./points.js";
import { Saving } from "./saving.js";
import { keyHelp, mistakes as mistakeWords, say, words } from "./strings.js";
import { Trial } from "./trial.js";
import { planOf } from "./trying.js";

const LATER_MS = 2_000;
const FLAT = 1e-6;
const OWN_KEYS = "input, select, textarea";
const NEWS = /^clip\.(ready|deleted)$/;

await sheet("zones.css");

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} parameters `id` of the camera; without one it is the first.
 * @param {import("../route.js").Context} context
 * @returns {import("../route.js").View}
 */
export function mount(root, parameters, context) {
  const camera = wanted(parameters, context);
  return camera ? new Zones(root, camera, context) : new Missing(root, parameters, context);
}

const wanted = ({ id }, context) => context.cameras().find((camera) => !id || camera.id === id);

class Zones {
  constructor(root, camera, context) {
    this._camera = camera;
    this._context = context;
    this._editable = context.may("admin");
    this._refused = new Map();
    this._trouble = "";
    this._reads = 0;
    this._ended = new AbortController();
    this.title = say.title(camera.name);
    this._build(root);
    this._stop = context.link.listen((kind, data) => this._heard(kind, data));
    this._hide = context.show(this._board.tile);
    this._pressed = (event) => this._control(event);
    this._going = (event) => this._unsaved && event.preventDefault();
    document.addEventListener("keydown", this._pressed);
    addEventListener("beforeunload", this._going);
    this._board.lay();
    if (this._editable) this._read();
    else this._drawing.load(camera.zones.map((zone) => ({ anchor: "bottom", ...zone })));
  }

  _build(root) {
    const { _context: context, _editable: editable } = this;
    const now = () => context.clock.wallOf(context.clock.now()).getTime();
    this._drawing = new Drawing(() => this._changed());
    this._easel = new Easel(this._drawing, editable, (text) => context.announce(text));
    this._points = new Points();
    this._board = new Board(this._camera, context.cameras(), this._easel, this._points, {
      back: this._back,
      camera: (id) => context.go(`#zones/${encodeURIComponent(id)}`),
      turn: (by) => this._turn(by),
    });
    this._panel = new Panel(this._drawing, editable, { draw: () => this._draw(), remove: () => this._easel.remove() });
    this._footer = new Footer({ save: (over) => this._save(over), discard: () => this._discard(), theirs: () => this._theirs() });
    this._period = new Period(now, () => this._try());
    this._trial = new Trial(context.api, () => this._tried());
    this._kept = new Kept(context.api, this._period, { point: (id) => (this._points.pointed = id), tries: () => context.go("#replay") });
    this._kept.element.hidden = !editable;
    const notice = make("p", { class: "soft readonly" }, words.readonly);
    notice.hidden = editable;
    const side = make("aside", { class: "side" }, this._panel.element, notice, this._footer.element);
    root.append(make("div", { class: "zones" }, this._board.element, side, this._kept.element));
    this._changed();
  }

  get _back() {
    return this._editable ? ["#settings", words.back] : ["#", words.live];
  }

  /** @returns {import("../keys.js").Keys} */
  get keys() {
    const edits = this._editable ? { n: () => this._draw(), Enter: () => this._drawing.draft && this._easel.close(), Delete: () => this._easel.remove(), Backspace: () => this._drawing.draft && this._easel.back() } : {};
    return { help: keyHelp, acts: { ...edits, Escape: () => this._escape() } };
  }

  /** Let go of everything. */
  unmount() {
    this._ended.abort();
    clearTimeout(this._timer);
    clearTimeout(this._news);
    this._stop();
    this._hide();
    document.removeEventListener("keydown", this._pressed);
    removeEventListener("beforeunload", this._going);
    this._trial.close();
    this._footer.close();
    this._board.close();
  }

  /** Somebody wants to go elsewhere. @param {{name: string}} to */
  leave(to) {
    if (to.name !== "replay" || !this._triable) return !this._unsaved || leaves(words.leave, words.leaveMore);
    const plan = planOf(this._camera, this._saving, this._drawing);
    carry(plan, this._drawing.zones);
    return true;
  }

  get _triable() {
    const { dirty, draft } = this._drawing;
    return Boolean(this._saving && !this._trouble && !this._busy && dirty && !draft && !this._wrong);
  }

  get _unsaved() {
    return this._editable && (this._drawing.dirty || Boolean(this._drawing.draft?.length));
  }

  _control(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !this._editable || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const turn = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (key === "s") this._save(false);
    else if (turn && !event.target.closest(OWN_KEYS)) this._turn(turn);
    else return;
    event.preventDefault();
  }

  _escape() {
    if (this._drawing.draft) this._easel.stop();
    else if (this._drawing.zone) this._drawing.choose(-1);
    else this._context.go(this._back[0]);
  }

  _turn(by) {
    if (this._drawing.draft) {
      if (by === "undo") this._easel.back();
    } else if (this._drawing[by]()) this._context.announce(by === "undo" ? say.undone : say.redone);
  }

  _draw() {
    if (this._drawing.draft || this._saving === undefined || this._trouble) return;
    this._easel.start();
  }

  /** What the settings say. @param {boolean} [over] Whatever is drawn here. */
  async _read(over = false) {
    clearTimeout(this._timer);
    const turn = ++this._reads;
    const saving = new Saving(this._context.api, this._camera.id);
    try {
      const zones = await saving.read(this._ended.signal);
      if (turn === this._reads) this._take(saving, zones, over);
    } catch (error) {
      if (this._ended.signal.aborted || turn !== this._reads) return;
      console.debug("no settings", error);
      this._trouble = error.status ? say.refused(error.message, error.hint) : words.away;
      this._timer = setTimeout(() => this._read(), LATER_MS);
      this._changed();
    }
  }

  /** What was drawn while it was on its way stays, and so do its steps: saving tells of what others did. */
  _take(saving, zones, over) {
    this._trouble = zones === null ? words.noCamera : saving.closed ?? "";
    const same = this._drawing.holds(zones);
    const stays = this._saving && !over && (same || this._unsaved);
    if (!stays || same) this._saving = saving;
    if (stays) return this._changed();
    this._refused = new Map();
    this._drawing.load(zones ?? []);
    this._goOn();
  }

  /** With what was drawn before it was tried. */
  _goOn() {
    const drawn = takeUp(`zones/${encodeURIComponent(this._camera.id)}`);
    if (drawn) this._drawing.step(() => (this._drawing.zones = drawn));
  }

  _theirs() {
    this._footer.tell("");
    this._read(true);
  }

  _discard() {
    this._drawing.step(() => (this._drawing.zones = this._drawing.saved));
    this._drawing.choose(-1);
    this._footer.tell("");
  }

  async _save(over) {
    const { _drawing: drawing } = this;
    if (this._busy || !this._saving || this._trouble || !drawing.dirty || drawing.draft || this._wrong) return;
    this._busy = true;
    this._reads += 1; // what is on its way is from before
    this._footer.tell("busy", words.saving);
    const zones = drawing.zones;
    try {
      this._came(await this._saving.write(zones, drawing.saved, over), zones);
    } catch (error) {
      console.debug("not saved", error);
      this._footer.tell("warn", words.away);
    }
    this._busy = false;
  }

  _came(saved, zones) {
    this._refused = saved.mistakes ?? new Map();
    if (saved.as === "saved" || saved.as === "kept") {
      this._drawing.kept(zones);
      this._read(); // others may have changed them at the same time
      if (saved.as === "saved") this._footer.tell("good", words.saved);
      else this._footer.tell("warn", words.savedOnly, say.refused(saved.text, saved.hint));
    } else if (saved.as === "changed") this._footer.tell("conflict", words.changed);
    else this._footer.tell("warn", say.refused(saved.text, saved.hint));
    this._changed();
  }

  /** What cannot be saved as it is. */
  get _wrong() {
    const { mistakes, zones } = this._drawing;
    const [first] = mistakes;
    return first ? say.mistaken(zones[first[0]].name, mistakeWords[first[1]]) : "";
  }

  /** Something was drawn, chosen or taken back. */
  _changed() {
    if (!this._kept) return; // it is still being built
    this._easel.draw();
    this._panel.show(this._refused);
    this._board.say(this._drawing, this._trouble, this._editable);
    this._kept.triable = this._triable;
    this._footer.say({ dirty: this._editable && this._drawing.dirty, wrong: this._wrong });
    this._try();
  }

  /** A zone that is being drawn counts as soon as it encloses something. */
  _try() {
    if (!this._saving) return;
    const { zones, draft } = this._drawing;
    const closes = draft && draft.length >= LEAST && area(draft) > FLAT;
    this._trial.ask(this._camera.id, closes ? [...zones, { kind: "include", anchor: "bottom", polygon: draft }] : zones, this._period.range);
  }

  _tried() {
    this._kept.show(this._trial);
    this._points.show(this._trial.clips);
  }

  _heard(kind, data) {
    if (kind === "format") this._board.lay();
    else if (kind === "hello" || kind === "cameras") this._others();
    else if (NEWS.test(kind) && data.camera === this._camera.id) this._later();
  }

  /** A clip came: its looks are in the catalogue a moment later. */
  _later() {
    clearTimeout(this._news);
    this._news = setTimeout(() => {
      this._try(); // it is later by now
      this._trial.again();
    }, LATER_MS);
  }

  /** Somebody changed the settings, or may have while this page was away. */
  _others() {
    if (!this._editable) this._drawing.load(this._camera.zones.map((zone) => ({ anchor: "bottom", ...zone })));
    else if (!this._busy) this._read();
  }
}

/** No camera is called so, or none is known yet: it may come. */
class Missing {
  constructor(root, parameters, context) {
    this._view = null;
    root.append(make("div", { class: "zones none" }, make("p", {}, words.noCamera), make("a", { class: "act", href: "#" }, words.live)));
    this._stop = context.link.listen(() => {
      const camera = wanted(parameters, context);
      if (!camera || this._view) return;
      root.replaceChildren();
      this._view = new Zones(root, camera, context);
    });
  }

  get title() {
    return this._view?.title ?? words.title;
  }

  get keys() {
    return this._view?.keys;
  }

  leave(to) {
    return this._view?.leave(to) ?? true;
  }

  unmount() {
    this._stop();
    this._view?.unmount();
  }
}
