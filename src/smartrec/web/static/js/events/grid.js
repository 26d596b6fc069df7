/** The list of clips: only what is on the screen, and a little more, is there. */

import { byId, make, write } from "../dom.js";
import { Card } from "./card.js";
import { unitAt } from "./scale.js";
import { say } from "./strings.js";

const AROUND = 0.75; // of the screen, that is made ready above and below
const NEAR = 1500; // CSS pixels from an end, where more is asked for
const NARROW = matchMedia("(max-width: 40rem)");

/**
 * @typedef {Object} Block Something as wide as the list.
 * @property {number} top CSS pixels from the list's top.
 * @property {number} height
 * @property {number} first Index of its first clip.
 * @property {number} end
 * @property {?number} day Of a heading: its midnight.
 */

export class Grid {
  /**
   * @param {Object} told
   * @param {() => Object} told.query Of the filters, for addresses.
   * @param {(path: string) => URL} told.at
   * @param {(up: boolean) => void} told.near An end comes near.
   * @param {(seen: ?{from: number, to: number, first: Object}) => void} told.seen Which clips are on the screen.
   * @param {(clip: ?Object, pane: ?HTMLElement) => void} told.point
   * @param {(clip: Object) => void} told.restore
   * @param {(clip: Object) => void} told.open Its page is asked for.
   */
  constructor(told) {
    this._told = told;
    this._clips = [];
    /** @type {Block[]} */
    this._blocks = [];
    /** @type {Map<string, Card>} */
    this._cards = new Map();
    this._headings = new Map();
    this._above = 0;
    this._pinnedDay = make("p", { class: "pinned-day", "aria-hidden": "true" });
    this._all = make("div", { class: "all" });
    this.element = make("div", { class: "grid" }, this._pinnedDay, this._all);
    this._scrolled = () => this._soon();
    addEventListener("scroll", this._scrolled, { capture: true, passive: true });
    addEventListener("resize", this._scrolled);
    this._sized = new ResizeObserver(() => this._resize());
    this._sized.observe(this.element);
    this.element.addEventListener("keydown", (event) => this._key(event));
  }

  /** The element that scrolls; on a narrow page all of it does. */
  get _scroller() {
    const view = byId("view").firstElementChild;
    return view && getComputedStyle(view).overflowY === "auto" ? view : document.scrollingElement;
  }

  /** Where the list's part of the screen begins, below what stays above it. */
  get _brow() {
    return this._pinnedDay.getBoundingClientRect().top;
  }

  /**
   * Others are there; what is on the screen stays where it is.
   * @param {Object[]} clips Newest first.
   * @param {boolean} newest Where the first is on the screen, what is newer shall be so, too.
   */
  show(clips, newest) {
    const anchor = newest && this.atTop ? null : this._anchor();
    this._clips = clips;
    this._lay();
    if (anchor) this._hold(anchor);
    this._render();
  }

  /**
   * Show others.
   * @param {Object[]} clips Newest first.
   * @param {?number} ms The first that begins at this moment or before it stands at the top; null: the first of all.
   */
  open(clips, ms) {
    this._clips = clips;
    this._lay();
    const head = this.element.getBoundingClientRect().top - this._brow;
    if (head < 0) this._scroller.scrollTop += head;
    if (ms !== null) this._reveal(ms);
    this._render();
  }

  _reveal(ms) {
    const index = this._clips.findIndex((clip) => clip.start_ms <= ms);
    const row = this._blocks.find((each) => each.day === null && index >= each.first && index < each.end);
    if (!row) return;
    const heading = this._blocks[this._blocks.indexOf(row) - 1];
    const top = heading?.day != null ? heading.top : row.top - this._headingHeight;
    this._scroller.scrollTop += this._all.getBoundingClientRect().top + top - this._brow;
  }

  /**
   * @param {string} id Of the clip that one came back from.
   * @returns {boolean} Whether it is there.
   */
  focus(id) {
    const card = this._cards.get(id);
    card?.link.focus({ preventScroll: true });
    return Boolean(card);
  }

  /** @param {string} id Of a clip that shall be noticed. */
  flash(id) {
    this._cards.get(id)?.element.classList.add("flash");
  }

  /** @param {number} now Milliseconds since 1970. */
  tick(now) {
    for (const card of this._cards.values()) if (card.clip.open) card.tick(now);
  }

  /** Whether its beginning is on the screen. */
  get atTop() {
    return this._above <= 8;
  }

  /** Let go of everything. */
  close() {
    removeEventListener("scroll", this._scrolled, { capture: true });
    removeEventListener("resize", this._scrolled);
    this._sized.disconnect();
    cancelAnimationFrame(this._frame);
  }

  _soon() {
    this._frame ??= requestAnimationFrame(() => {
      this._frame = null;
      this._render();
    });
  }

  _resize() {
    const width = this._all.clientWidth;
    if (!width || width === this._width) return;
    const anchor = this.atTop ? null : this._anchor();
    this._lay();
    if (anchor) this._hold(anchor);
    this._render();
  }

  /** The first clip on the screen, and where. */
  _anchor() {
    const brow = this._brow;
    const begin = this._all.getBoundingClientRect().top;
    const block = this._blocks.find((each) => each.day === null && begin + each.top + each.height > brow);
    return block ? { id: this._clips[block.first].id, at: begin + block.top } : null;
  }

  _hold({ id, at }) {
    const index = this._clips.findIndex((clip) => clip.id === id);
    const block = this._blocks.find((each) => each.day === null && index >= each.first && index < each.end);
    if (index < 0 || !block) return;
    this._all.style.height = `${this._height}px`;
    const moved = this._all.getBoundingClientRect().top + block.top - at;
    if (Math.abs(moved) >= 1) this._scroller.scrollTop += moved;
  }

  _lay() {
    this._width = this._all.clientWidth;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const narrow = NARROW.matches;
    const gap = (narrow ? 0.75 : 1) * rem;
    const columns = narrow ? 1 : Math.max(2, Math.floor((this._width + gap) / (13.5 * rem + gap)));
    const wide = (this._width - gap * (columns - 1)) / columns;
    const high = narrow ? 4.875 * rem : Math.round((wide * 9) / 16) + 3.25 * rem;
    Object.assign(this, { _columns: columns, _cell: { wide, high, gap }, _headingHeight: 2.75 * rem });
    this._blocks = [];
    let top = 0;
    for (let first = 0; first < this._clips.length; ) {
      const { from } = unitAt(this._clips[first].start_ms, "day");
      this._blocks.push({ top, height: this._headingHeight, first, end: first, day: from });
      top += this._headingHeight;
      let last = first;
      while (last < this._clips.length && this._clips[last].start_ms >= from) last += 1;
      last = Math.max(last, first + 1);
      for (; first < last; first += columns) {
        this._blocks.push({ top, height: high + gap, first, end: Math.min(first + columns, last), day: null });
        top += high + gap;
      }
      first = last;
    }
    this._height = top;
    this._all.style.height = `${top}px`;
  }

  _render() {
    const begin = this._all.getBoundingClientRect().top;
    const brow = this._brow;
    const around = AROUND * innerHeight;
    this._above = brow - begin;
    const from = this._index(brow - begin - around);
    const shown = [];
    for (let i = from; i < this._blocks.length && begin + this._blocks[i].top < innerHeight + around; i += 1) shown.push(this._blocks[i]);
    this._fill(shown);
    this._seen(brow - begin, innerHeight - begin);
    this._sayDay(brow - begin);
    if (!this._clips.length) return;
    if (this._height - (innerHeight - begin) < NEAR) this._told.near(false);
    if (brow - begin < NEAR) this._told.near(true);
  }

  /** Of the first block that ends below a place. */
  _index(place) {
    let [low, high] = [0, this._blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this._blocks[middle].top + this._blocks[middle].height <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  _fill(blocks) {
    const query = this._told.query();
    const wanted = new Set(blocks.flatMap((block) => this._clips.slice(block.first, block.end).map((clip) => clip.id)));
    const days = new Set(blocks.filter((block) => block.day !== null).map((block) => block.day));
    const free = [];
    for (const [id, card] of this._cards) {
      if (wanted.has(id)) continue;
      this._cards.delete(id);
      card.leave();
      free.push(card);
    }
    for (const [day, heading] of this._headings) {
      if (days.has(day)) continue;
      heading.remove();
      this._headings.delete(day);
    }
    let before = null;
    const put = (element, left, top) => {
      element.style.transform = `translate(${left}px, ${top}px)`;
      const next = before ? before.nextSibling : this._all.firstChild;
      if (next !== element) this._all.insertBefore(element, next); // the order that Tab goes in
      before = element;
    };
    for (const block of blocks) {
      if (block.day !== null) put(this._heading(block.day), 0, block.top);
      for (let i = block.first; i < block.end; i += 1) {
        const card = this._card(this._clips[i], free, query);
        put(card.element, (i - block.first) * (this._cell.wide + this._cell.gap), block.top);
      }
    }
  }

  _heading(day) {
    const heading = this._headings.get(day) ?? make("h2");
    this._headings.set(day, heading);
    write(heading, say.heading(day));
    return heading;
  }

  _card(clip, free, query) {
    const card = this._cards.get(clip.id) ?? free.pop() ?? this._make();
    this._cards.set(clip.id, card);
    card.element.classList.remove("flash");
    if (card.clip !== clip || card.query !== query) card.show(clip, query, this._told.at);
    card.query = query;
    card.element.style.width = `${this._cell.wide}px`;
    card.element.style.height = `${this._cell.high}px`;
    return card;
  }

  _make() {
    return new Card({ restore: (clip) => this._told.restore(clip), open: (clip) => this._told.open(clip), point: (card) => this._told.point(card?.clip ?? null, card?.pane ?? null) });
  }

  _seen(top, bottom) {
    const on = this._blocks.filter((block) => block.day === null && block.top + block.height / 2 > top && block.top + block.height / 2 < bottom);
    const first = on.length ? this._clips[on[0].first] : null;
    const last = on.length ? this._clips[on.at(-1).end - 1] : null;
    this._told.seen(first ? { from: last.start_ms, to: first.start_ms + 1000 * (first.duration_s ?? 0), first } : null);
  }

  /** Which day one is in, once its heading has gone. */
  _sayDay(top) {
    let heading = null;
    for (const block of this._blocks) {
      if (block.top >= top) break;
      if (block.day !== null) heading = block;
    }
    this._pinnedDay.classList.toggle("on", heading !== null);
    if (heading) write(this._pinnedDay, say.heading(heading.day));
  }

  /** Arrows go from card to card. */
  _key(event) {
    const from = event.target.closest(".card");
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this._clips.findIndex((clip) => clip.id === from.dataset.clip);
    const block = this._blocks.findIndex((each) => each.day === null && index >= each.first && index < each.end);
    const aims = { ArrowLeft: index - 1, ArrowRight: index + 1, ArrowDown: this._below(block, index, 1), ArrowUp: this._below(block, index, -1) };
    const aim = aims[event.key];
    if (aim === undefined) return;
    event.preventDefault();
    if (aim >= 0 && aim < this._clips.length) this._focus(aim);
  }

  _below(block, index, step) {
    let next = block + step;
    while (this._blocks[next]?.day != null) next += step;
    const aim = this._blocks[next];
    return aim ? Math.min(aim.end - 1, aim.first + index - this._blocks[block].first) : index;
  }

  _focus(index) {
    const block = this._blocks.find((each) => each.day === null && index >= each.first && index < each.end);
    const top = this._all.getBoundingClientRect().top + block.top;
    const [brow, scroller] = [this._brow + this._headingHeight, this._scroller];
    if (top < brow) scroller.scrollTop += top - brow;
    else if (top + block.height > innerHeight) scroller.scrollTop += top + block.height - innerHeight;
    this._render();
    this._cards.get(this._clips[index].id)?.link.focus({ preventScroll: true });
  }
}
