/** Events: the timeline, the filters, and the list of clips. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { Days } from "./days.js";
import { Density } from "./density.js";
import { FilterBar } from "./filters.js";
import { Grid } from "./grid.js";
import { Preview } from "./preview.js";
import { asked, filtering, hash, read } from "./query.js";
import { unitAt } from "./scale.js";
import { Shelf } from "./shelf.js";
import { empty, help, say, words } from "./strings.js";
import { Timeline } from "./timeline.js";

const WRITTEN_MS = 300;
const LATER_MS = [150, 400, 1000, 3000, 10_000];
const PATIENT_MS = 250;
const FRESH_MS = 30 * 60_000;
const CLIP = /^clip\.(opened|extended|closed|ready|failed|deleted|changed)$/;
const NO_FACETS = { cameras: [], reasons: [], zones: [], first_ms: null, last_ms: null, clips: 0, trash: 0 };

/** Where one was when one left; for the way back. */
let left = null;
let facetsThen = NO_FACETS;

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} parameters
 * @param {import("../route.js").Context} context
 * @returns {import("../route.js").View}
 */
export const mount = (root, parameters, context) => new Events(root, parameters, context);

class Events {
  constructor(root, parameters, context) {
    this._context = context;
    this.title = words.title;
    this._facets = facetsThen;
    this._facetsAsked = 0;
    this._expected = new Set();
    this._state = read(parameters.query);
    this._density = new Density(context.api, () => this._found(), (error) => this._failed("timeline", error));
    this._timeline = new Timeline(this._density, { moved: (range, settled) => this._moved(range, settled), go: (ms) => this._go(ms), now: () => this._now(), open: () => this._open() });
    this._days = new Days({ show: (range, go) => this._show(range, go), now: () => this._now() });
    this._filters = new FilterBar((filters) => this._filter(filters));
    this._shelf = new Shelf(context.api, { changed: (added) => this._filled(added), failed: (error) => this._failed("list", error) });
    this._preview = new Preview(context.api);
    this._grid = new Grid({
      query: () => this._query,
      at: context.api.at,
      near: (up) => (up ? this._shelf.newer() : this._shelf.older()),
      seen: (seen) => this._seen(seen),
      point: (clip, pane) => this._point(clip, pane),
      restore: (clip) => this._restore(clip),
      open: (clip) => Object.assign(left, { id: (this._opened = clip.id) }),
    });
    this._build(root);
    this._stop = context.link.listen((kind, data) => this._heard(kind, data));
    this._back = () => document.hidden || this._again();
    document.addEventListener("visibilitychange", this._back);
    this._ticking = setInterval(() => this._grid.tick(this._now()), 500);
    this._enter(this._where());
  }

  /** Where one was, if one comes back from a clip's page: by its link, or the browser's button. */
  _where() {
    const { filters, range, at } = this._state;
    const bare = range === null && at === null && left?.id && String(asked(filters)) === left.query;
    return left && (left.hash === location.hash || bare) && Date.now() - left.when < FRESH_MS ? left : null;
  }

  _build(root) {
    this._count = make("p", { class: "count", role: "status" });
    this._binned = make("span");
    this._bin = make("a", { class: "tool bin", "data-needs": "admin", href: "#events?trash=true" }, icon("remove"), this._binned);
    this._head = make("header", { class: "head" }, make("div", { class: "tools" }, this._days.element, this._bin), this._timeline.element, make("div", { class: "tools" }, this._filters.button, this._count, this._filters.element));
    this._trashHead = make("header", { class: "trash-head" }, make("h1", { tabindex: "-1" }, words.trash), make("a", { class: "chip", href: "#events" }, words.back), make("p", {}, words.trashNote));
    this._h1 = make("h1", { class: "unseen" }, words.title);
    this._fresh = make("button", { type: "button", class: "act fresh", hidden: true }, words.newer);
    this._fresh.addEventListener("click", () => this._newest());
    this._empty = make("div", { class: "empty", hidden: true }, make("strong"), make("p"));
    this._rest = make("p", { class: "rest" });
    const events = make("div", { class: "events" }, this._h1, this._trashHead, this._head, this._fresh, this._grid.element, this._empty, this._rest);
    root.append(events);
    this._sized = new ResizeObserver(() => {
      const stays = getComputedStyle(this._head).position === "sticky";
      events.style.setProperty("--brow", `${stays ? this._head.offsetHeight : 0}px`);
    });
    this._sized.observe(this._head);
  }

  /** @returns {import("../keys.js").Keys} */
  get keys() {
    const unit = (name) => () => this._days.unit(name);
    return {
      help,
      repeat: new Set(["ArrowLeft", "ArrowRight", "+", "-", "="]),
      acts: {
        ArrowLeft: () => this._timeline.pan(-0.2, true),
        ArrowRight: () => this._timeline.pan(0.2, true),
        "+": () => this._timeline.zoom(1 / 2),
        "=": () => this._timeline.zoom(1 / 2),
        "-": () => this._timeline.zoom(2),
        h: unit("hour"),
        d: unit("day"),
        w: unit("week"),
        m: unit("month"),
        t: () => this._days.today(),
        "/": () => this._filters.search(),
      },
    };
  }

  /** @param {import("../route.js").Parameters} parameters */
  update(parameters) {
    this._state = read(parameters.query);
    this._enter(null);
  }

  unmount() {
    for (const timer of [this._writing, this._soon, this._waiting, ...this._expected]) clearTimeout(timer);
    clearInterval(this._ticking);
    document.removeEventListener("visibilitychange", this._back);
    this._stop();
    this._preview.show(null, null);
    this._timeline.close();
    this._filters.close();
    this._shelf.close();
    this._grid.close();
    this._sized.disconnect();
    this._context.notices.tell("events");
  }

  /** Show what the address says. @param {?Object} back Where one was. */
  _enter(back) {
    const { filters, range, at } = this._state;
    this._hash = location.hash; // one may be on the way to another view while this one is still there
    this._query = String(asked(filters));
    this.title = filters.trash ? words.trash : words.title;
    this._trashHead.hidden = !filters.trash;
    this._head.hidden = filters.trash;
    this._sayFacets();
    this._density.filters = filters;
    this._timeline.show(back?.range ?? range ?? unitAt(this._now(), "day"));
    this._askFacets();
    this._returned = back?.id ?? null;
    if (back) this._state = { ...this._state, range: back.range, at: back.at };
    this._list(this._state.at);
  }

  /** Let the list begin at a moment; null: with the newest. */
  async _list(at) {
    this._aim = at;
    write(this._rest, words.loading);
    clearTimeout(this._waiting);
    this._waiting = setTimeout(() => this._grid.element.classList.add("old"), PATIENT_MS);
    await this._shelf.open(this._state.filters, at);
  }

  _filled(added) {
    const { clips } = this._shelf;
    const aim = this._aim;
    clearTimeout(this._waiting);
    this._grid.element.classList.remove("old");
    this._aim = undefined;
    if (aim === undefined) this._grid.show(clips, this._whole);
    else this._grid.open(clips, aim);
    this._whole = this._shelf.whole;
    const sort = this._state.filters.trash ? "trash" : filtering(this._state.filters) ? "filtered" : "nothing";
    this._empty.hidden = clips.length > 0 || !this._shelf.read;
    write(this._empty.firstElementChild, empty[sort][0]);
    write(this._empty.lastElementChild, empty[sort][1]);
    write(this._rest, this._shelf.more ? words.loading : "");
    this._tell(added);
    if (this._returned && this._grid.focus(this._returned)) this._returned = null;
  }

  _tell(added) {
    if (!added.length || this._aim !== undefined) return;
    this._context.announce(say.appeared(say.spoken(added[0])));
    if (this._grid.atTop) this._grid.flash(added[0].id);
    else this._fresh.hidden = false;
  }

  _newest() {
    this._fresh.hidden = true;
    this._put({ at: null });
    this._list(null);
    document.scrollingElement.scrollTop = 0;
  }

  _seen(seen) {
    this._firstSeen = seen?.first ?? null;
    this._timeline.listed = seen;
    if (!this._fresh.hidden && this._grid.atTop && this._shelf.whole) this._fresh.hidden = true;
    left = { hash: this._hash, query: this._query, when: Date.now(), id: this._opened ?? null, range: this._timeline.range, at: this._grid.atTop && this._shelf.whole ? null : this._firstSeen?.start_ms ?? null };
  }

  _point(clip, pane) {
    this._timeline.pointed = clip;
    this._preview.show(clip, pane);
  }

  async _restore(clip) {
    try {
      await this._context.api.send("POST", `clips/${encodeURIComponent(clip.id)}/restore`, {});
      this._shelf.put(clip.id, null);
      this._context.announce(say.restored(say.spoken(clip)));
      this._askFacets();
    } catch (error) {
      this._failed("list", error);
      this._shelf.put(clip.id, { ...clip });
    }
  }

  /** The timeline is there now. */
  _moved(range, settled) {
    this._days.say(range);
    this._sayCount();
    if (settled) this._put({ range });
  }

  /** What the buttons ask for. */
  _show(range, go) {
    this._timeline.show(range, true);
    if (!go) return;
    const now = this._now();
    this._go(now >= range.from && now < range.to ? null : range.to - 1);
  }

  /** The list goes there; null: to the newest. */
  _go(ms) {
    this._put({ at: ms });
    this._list(ms);
  }

  _filter(filters) {
    this._state = { ...this._state, filters };
    this._query = String(asked(filters));
    this._filters.show(filters, this._facets);
    this._density.filters = filters;
    this._list(this._state.at);
    this._put({});
  }

  /** Keep it in the address, without a step for the back button. */
  _put(some) {
    this._state = { ...this._state, ...some };
    clearTimeout(this._writing);
    this._writing = setTimeout(() => {
      this._context.go(hash(this._addressed()), true);
      this._hash = location.hash;
      if (left) Object.assign(left, { hash: this._hash, range: this._timeline.range });
    }, WRITTEN_MS);
  }

  /** Today is not written out: tomorrow it is another. */
  _addressed() {
    const today = unitAt(this._now(), "day");
    const { range } = this._state;
    const same = range && Math.abs(range.from - today.from) < 1000 && Math.abs(range.to - today.to) < 1000;
    return { ...this._state, range: same || this._state.filters.trash ? null : range };
  }

  async _askFacets() {
    const turn = ++this._facetsAsked;
    try {
      const facets = await this._context.api.get("facets");
      if (turn !== this._facetsAsked) return;
      this._facets = facetsThen = facets;
      this._sayFacets();
    } catch (error) {
      console.debug("no facets", error); // the list says what is wrong
    }
  }

  _sayFacets() {
    const { trash } = this._facets;
    this._filters.show(this._state.filters, this._facets);
    this._bin.hidden = !trash;
    for (const name of ["aria-label", "title"]) mark(this._bin, name, say.trash(trash));
    write(this._binned, trash > 99 ? "99+" : String(trash));
    this._lanes();
  }

  /** A lane for each camera that is here or has clips, as far as they are meant. */
  _lanes() {
    const live = this._context.cameras();
    const all = [...live];
    for (const each of [...this._facets.cameras, ...(this._density.found?.lanes ?? [])]) {
      if (!all.some(({ id }) => id === each.id)) all.push(each);
    }
    const meant = this._state.filters.camera;
    this._timeline.cameras = all.filter(({ id }) => !meant.length || meant.includes(id)).map(({ id, name }) => ({ id, name: name || id }));
  }

  _found() {
    this._lanes();
    this._timeline.found();
    this._sayCount();
  }

  _sayCount() {
    const { from, to } = this._timeline.range;
    const lanes = this._density.between(from, to);
    const sum = (name) => lanes.reduce((all, lane) => all + lane[name], 0);
    if (this._density.found) write(this._count, say.count(sum("clips"), sum("persons")));
  }

  /** Clips that are being recorded: where they begin. */
  _open() {
    const { clock } = this._context;
    return this._context.cameras().flatMap((camera) =>
      [...camera.clips.values()].map((clip) => ({ camera: camera.id, from: clock.wallOf(clip.since).getTime() - 1000 * (clip.before ?? 0) })),
    );
  }

  _now() {
    return this._context.clock.wallOf(this._context.clock.now()).getTime();
  }

  _heard(kind, data) {
    if (kind === "hello") this._again();
    if (!CLIP.test(kind)) return;
    if (kind === "clip.opened") this._expect(data.clip_id);
    if (kind === "clip.deleted") this._shelf.put(data.clip_id, null);
    else if (kind === "clip.changed") this._changed(data.clip);
    else {
      this._shelf.refresh();
      this._shelf.look(data.clip_id);
    }
    this._density.refresh(400);
    clearTimeout(this._soon);
    this._soon = setTimeout(() => this._askFacets(), 1000);
  }

  /** What a list is made of may come a moment after the news that a clip began. */
  _expect(id, turn = 0) {
    if (turn === LATER_MS.length) return;
    const timer = setTimeout(() => {
      this._expected.delete(timer);
      if (this._shelf.clips.some((clip) => clip.id === id)) return;
      this._shelf.refresh();
      this._expect(id, turn + 1);
    }, LATER_MS[turn]);
    this._expected.add(timer);
  }

  /** Somebody pinned it, wrote a note, put it into the trash or took it out. */
  _changed(clip) {
    const { filters } = this._state;
    const here = (clip.trashed_ms !== null) === filters.trash && (clip.pinned || !filters.pinned);
    this._shelf.put(clip.id, here ? clip : null);
    if (!here) return;
    if (filtering(filters)) this._shelf.refresh(); // the server knows whether it is meant
    else this._shelf.add(clip);
  }

  /** Anything may have changed meanwhile. */
  _again() {
    if (!this._shelf.read) this._list(this._state.at);
    else this._shelf.refresh();
    this._density.refresh();
    this._askFacets();
  }

  _failed(of, error) {
    this._errors = { ...this._errors, [of]: error };
    const now = Object.values(this._errors).find(Boolean);
    const button = { label: words.tryAgain, act: () => this._again() };
    if (!now) this._context.notices.tell("events");
    else if (!now.status && this._shelf.read) return; // that nobody answers is told already
    else if (now.status) this._context.notices.tell("events", words.unread, now.message, now.hint ?? "", button);
    else this._context.notices.tell("events", words.unread, words.unreadMore, "", button);
    if (now && !this._shelf.read) write(this._rest, "");
  }
}
