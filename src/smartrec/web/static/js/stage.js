/** The wall of cameras: which are shown, where they lie, full screen. */

import { arrange, stack } from "./arrange.js";
import { byId, make, mark, memory, write } from "./dom.js";
import { Tile } from "./tile.js";
import { words } from "./strings.js";

const NARROW = matchMedia("(max-width: 56rem)");
const STILL_MS = 3_000;

export class Stage {
  /**
   * @param {import("./cameras.js").Cameras} cameras
   * @param {Object} told
   * @param {() => void} told.changed Another camera is shown, or none alone.
   * @param {(cameras: string[]) => void} told.watch Whose pictures are wanted.
   * @param {(camera: import("./cameras.js").Camera) => void} told.record A tile's button.
   * @param {(camera: import("./cameras.js").Camera) => void} told.arm Another.
   */
  constructor(cameras, told) {
    this._cameras = cameras;
    this._told = told;
    this._stage = byId("stage");
    this._wall = byId("wall");
    /** @type {Tile[]} */
    this.tiles = [];
    /** @type {?string} Id of the one that is shown alone. */
    this.alone = null;
    this._open = true;
    this._outlined = memory.get("zones") !== "off";
    new ResizeObserver(() => this.lay()).observe(this._wall);
    addEventListener("resize", () => this.lay());
    NARROW.addEventListener("change", () => this.lay());
    document.addEventListener("visibilitychange", () => this._watch());
    document.addEventListener("fullscreenchange", () => this._filled());
    byId("full").addEventListener("click", () => this.toggleFull());
    byId("all").addEventListener("click", () => this.show(null));
    byId("zones").addEventListener("click", () => this.toggleZones());
    for (const kind of ["pointermove", "pointerdown", "keydown"]) this._stage.addEventListener(kind, () => this._move());
    this._sight = new IntersectionObserver((entries) => this._sighted(entries), { rootMargin: "25%" });
  }

  /** The recorder has other cameras: tiles come and go, those that stay are not touched. */
  fill() {
    this._sight.disconnect();
    const before = this.tiles;
    this.tiles = this._cameras.all.map((camera) => {
      const kept = this.tiles.find((tile) => tile.camera === camera);
      return kept ?? new Tile(camera, { open: () => this.show(this.alone ? null : camera.id), record: () => this._told.record(camera), arm: () => this._told.arm(camera) });
    });
    for (const tile of before) if (!this.tiles.includes(tile)) tile.close();
    const shown = this.tiles.length ? this.tiles.map((tile) => tile.element) : [make("p", { class: "slate" }, words.noCamera)];
    for (const old of [...this._wall.children]) if (!shown.includes(old)) old.remove();
    shown.forEach((element, index) => {
      if (this._wall.children[index] !== element) this._wall.insertBefore(element, this._wall.children[index] ?? null);
    });
    for (const tile of this.tiles) this._sight.observe(tile.element);
    this.show(this.alone);
  }

  /**
   * Another view is shown, or this one again.
   * @param {boolean} open
   */
  open(open) {
    this._open = open;
    this.lay();
    this._watch();
  }

  /** @returns {?string} Id of the only camera on show; null while there are several. */
  get target() {
    return this.alone ?? (this.tiles.length === 1 ? this.tiles[0].camera.id : null);
  }

  /** @param {string|number} of The camera's id, or its number in messages. @returns {Tile|undefined} */
  tile(of) {
    return this.tiles.find((tile) => (typeof of === "number" ? tile.camera.index : tile.camera.id) === of);
  }

  /** @param {?string} id Of the camera to be shown alone; null for all. */
  show(id) {
    const several = this.tiles.length > 1;
    this.alone = several && this.tile(id) ? id : null;
    this._stage.classList.toggle("alone", this.alone !== null);
    byId("all").hidden = this.alone === null;
    for (const tile of this.tiles) tile.element.hidden = this.alone !== null && tile.camera.id !== this.alone;
    this.lay();
    this._watch();
    this._told.changed();
  }

  /** Zones upon the pictures, or not; it is remembered. */
  toggleZones() {
    this._outlined = !this._outlined;
    memory.set("zones", this._outlined ? "on" : "off");
    this._told.changed();
  }

  /** Whether the pictures fill the screen. */
  get full() {
    return document.fullscreenElement === this._stage || this._stage.classList.contains("filled");
  }

  /** Full screen and back; where the browser has none (iPhone), the whole window. */
  async toggleFull() {
    if (document.fullscreenElement) {
      await document.exitFullscreen().catch(() => {}); // it has just been left otherwise
    } else if (this.full || !this._stage.requestFullscreen) {
      this._stage.classList.toggle("filled");
      this._filled();
    } else {
      await this._stage.requestFullscreen().catch(() => {
        this._stage.classList.add("filled");
        this._filled();
      });
    }
  }

  _filled() {
    mark(byId("full"), "aria-label", this.full ? words.fullOff : words.full);
    mark(byId("full"), "title", this.full ? words.fullOff : words.full);
    this._move();
    this.lay();
    this._stayAwake();
  }

  async _stayAwake() {
    this._lock?.release().catch(() => {});
    this._lock = null;
    if (!this.full || !navigator.wakeLock) return; // not there over plain HTTP from elsewhere
    this._lock = await navigator.wakeLock.request("screen").catch(() => null);
  }

  _move() {
    this._stage.classList.remove("still");
    clearTimeout(this._stillness);
    if (this.full) this._stillness = setTimeout(() => this._stage.classList.add("still"), STILL_MS);
  }

  /** Put the tiles where they belong. */
  lay() {
    if (!this._open) return; // nothing has a size
    const shown = this.tiles.filter((tile) => !tile.element.hidden);
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const caption = this.full ? 0 : 2.75 * rem;
    const gap = this.full ? 2 : rem;
    const shapes = shown.map((tile) => tile.shape);
    const narrow = NARROW.matches && !this.full;
    const width = this._wall.clientWidth;
    const places = narrow
      ? stack(shapes, { width, height: Math.max(200, innerHeight - 7.5 * rem) }, 0, caption)
      : arrange(shapes, { width, height: this._wall.clientHeight }, gap, caption);
    const last = places.at(-1);
    this._wall.style.height = narrow && last ? `${last.top + last.height}px` : "";
    shown.forEach((tile, index) => tile.put(places[index], caption));
  }

  _sighted(entries) {
    for (const entry of entries) {
      const tile = this.tiles.find((each) => each.element === entry.target);
      if (tile) tile.seen = entry.isIntersecting;
    }
    this._watch();
  }

  /** Nothing is sent to a page that nobody sees. */
  _watch() {
    const seen = document.hidden || !this._open ? [] : this.tiles.filter((tile) => tile.seen && !tile.element.hidden);
    this._told.watch(seen.map((tile) => tile.camera.id));
  }

  /**
   * Say how everything stands.
   * @param {import("./clock.js").ServerClock} clock
   * @param {boolean} away Nothing is known of the recorder.
   */
  say(clock, away) {
    const only = this.tiles.length === 1;
    const seen = this.tiles.filter((tile) => !tile.element.hidden);
    for (const tile of seen) {
      tile.outlined = this._outlined;
      tile.say(clock, { away, only, alone: this.alone !== null });
    }
    byId("zones").hidden = !seen.some((tile) => tile.camera.zones.length);
    mark(byId("zones"), "aria-pressed", String(this._outlined));
    byId("draw").hidden = this.target === null;
    mark(byId("draw"), "href", `#zones/${encodeURIComponent(this.target ?? "")}`);
  }
}

/** Fill in all static words. */
export function fillWords() {
  for (const element of document.querySelectorAll("[data-text]")) write(element, words[element.dataset.text]);
  for (const element of document.querySelectorAll("[data-label]")) {
    mark(element, "aria-label", words[element.dataset.label]);
    if (element.matches("button, a")) mark(element, "title", words[element.dataset.label]);
  }
}
