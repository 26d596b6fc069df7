/** The clips of the list, newest first: pages that the server gave, as many as somebody has seen lately. */

import { asked } from "./query.js";

const PAGE = 60;
const MOST = 3000; // kept here
const HEAD = 40;

/** @typedef {Object} Clip As the API's brief. */

/** Newer first; of equal age the greater id, as the server has them. */
const order = (a, b) => b.start_ms - a.start_ms || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** The place in the list of a moment; no clip has that id. */
const cursor = (ms) => `${BigInt(Math.max(0, Math.floor(ms))) * 1_000_000n}_00000000-0000-0000-0000-000000000000`;

export class Shelf {
  /**
   * @param {import("../api.js")} api
   * @param {Object} told
   * @param {(added: Clip[]) => void} told.changed `added`: those that are new at the head.
   * @param {(error: ?Error) => void} told.failed null: it is well again.
   */
  constructor(api, told) {
    this._api = api;
    this._told = told;
    this._pages = [];
    this._busy = { newer: false, older: false, head: false };
    this._gone = new AbortController();
    /** @type {Set<Map<string, ?Clip>>} What was put since it was asked, of each list that is on its way. */
    this._asked = new Set();
    this._looks = new Map();
    /** @type {Clip[]} */
    this.clips = [];
    /** Whether the first answer has come. */
    this.read = false;
  }

  /** Whether the newest clip is among them. */
  get whole() {
    return !this._pages.length || this._pages[0].newer === null;
  }

  /** Whether there are older ones. */
  get more() {
    return !this.read || this._pages.at(-1)?.older != null;
  }

  /**
   * Begin anew.
   * @param {import("./query.js").Filters} filters
   * @param {?number} at Those around this moment; null: the newest.
   */
  async open(filters, at) {
    this._gone.abort();
    const gone = (this._gone = new AbortController());
    this._busy = { newer: false, older: false, head: false };
    this._query = asked(filters);
    const pages = await Promise.all(at === null ? [this._ask({}, gone)] : [this._ask({ after: cursor(at + 1) }, gone), this._ask({ before: cursor(at + 1) }, gone)]);
    if (pages.includes(null)) return;
    const [newer, older] = at === null ? [null, pages[0]] : pages;
    if (newer && !newer.clips.length) older.newer = null; // there is nothing beyond
    if (newer?.clips.length && !older.clips.length) newer.older = null;
    this._pages = [newer, older].filter((page) => page?.clips.length);
    if (!this._pages.length) this._pages = [older];
    this.read = true;
    this._flatten([]);
  }

  /** Older ones, after the last. */
  async older() {
    const last = this._pages.at(-1);
    if (this._busy.older || last?.older == null) return;
    await this._turn("older", { before: last.older }, (page) => {
      this._pages.push(page);
      this._drop(() => this._pages.shift());
    });
  }

  /** Newer ones, before the first. */
  async newer() {
    const first = this._pages[0];
    if (this._busy.newer || first?.newer == null) return;
    await this._turn("newer", { after: first.newer }, (page) => {
      this._pages.unshift(page);
      this._drop(() => this._pages.pop());
    });
  }

  /** Not more than may be kept; `clips` stay as they are until all is put together anew. */
  _drop(one) {
    let kept = this._pages.reduce((all, { clips }) => all + clips.length, 0);
    while (kept > MOST && this._pages.length > 2) kept -= one().clips.length;
  }

  async _turn(side, query, put) {
    this._busy[side] = true;
    const gone = this._gone;
    const page = await this._ask(query, gone);
    if (gone !== this._gone) return;
    this._busy[side] = false;
    if (!page) return;
    put(page);
    this._flatten([]);
  }

  async _ask(query, gone, limit = PAGE) {
    const all = new URLSearchParams(this._query);
    for (const [name, value] of Object.entries({ ...query, limit: String(limit) })) all.set(name, value);
    const since = new Map();
    this._asked.add(since);
    try {
      const page = await this._api.get("clips", all, gone.signal);
      this._told.failed(null);
      const clips = page.clips.filter(({ id }) => since.get(id) !== null).map((clip) => since.get(clip.id) ?? clip);
      return { ...page, clips };
    } catch (error) {
      if (!gone.signal.aborted) this._told.failed(error);
      return null;
    } finally {
      this._asked.delete(since);
    }
  }

  /** Something happened: see what the newest are now. Does nothing while they are not shown. */
  async refresh() {
    if (!this.read || !this.whole) return;
    if (this._busy.head) {
      this._again = true;
      return;
    }
    this._busy.head = true;
    const gone = this._gone;
    const head = await this._ask({}, gone, HEAD);
    if (gone !== this._gone) return;
    this._busy.head = false;
    if (head && this.whole) this._merge(head);
    if (!this._again) return;
    this._again = false;
    await this.refresh();
  }

  _merge(head) {
    const first = this._pages[0] ?? (this._pages[0] = { clips: [], newer: null, older: null });
    const known = new Map(this.clips.map((clip) => [clip.id, clip]));
    const last = head.clips.at(-1);
    const all = head.older === null; // what is not in it is no more
    const apart = !all && !head.clips.some((clip) => known.has(clip.id));
    const added = head.clips.filter((clip) => !known.has(clip.id));
    if (apart) {
      this._pages = [head];
    } else {
      const ids = new Set(head.clips.map((clip) => clip.id));
      for (const page of this._pages) page.clips = page.clips.filter((clip) => !ids.has(clip.id) && !all && order(last, clip) < 0);
      first.clips = [...head.clips, ...first.clips].sort(order);
      if (all) [first.older, this._pages] = [null, [first]];
    }
    this._flatten(added);
  }

  /**
   * One of them is other than it was, or no more.
   * @param {string} id
   */
  async look(id) {
    if (!this.clips.some((clip) => clip.id === id)) return;
    const gone = this._gone;
    const turn = {};
    this._looks.set(id, turn);
    let now = null;
    try {
      now = await this._api.get(`clips/${encodeURIComponent(id)}`, undefined, gone.signal);
    } catch (error) {
      if (gone.signal.aborted || error.status !== 404) return; // it is asked again with the next
    }
    if (this._looks.get(id) !== turn) return; // something happened since
    this._looks.delete(id);
    this.put(id, now);
  }

  /**
   * @param {string} id
   * @param {?Clip} clip What it is now; null: take it away.
   */
  put(id, clip) {
    this._looks.delete(id);
    for (const since of this._asked) since.set(id, clip);
    const page = this._pages.find(({ clips }) => clips.some((each) => each.id === id));
    if (!page) return;
    const index = page.clips.findIndex((each) => each.id === id);
    if (clip) page.clips[index] = clip;
    else page.clips.splice(index, 1);
    this._flatten([]);
  }

  /**
   * One belongs to them that was not among them; it is not taken where nobody knows what lies beside it.
   * @param {Clip} clip
   */
  add(clip) {
    this._again ||= this._busy.head; // that may be from before
    const page = this._pages.find(({ clips }, i) => clips.length && (order(clip, clips.at(-1)) < 0 || (i === this._pages.length - 1 && !this.more)));
    if (!page || (page === this._pages[0] && !this.whole && order(clip, page.clips[0]) < 0)) return;
    page.clips = [...page.clips.filter((each) => each.id !== clip.id), clip].sort(order);
    this._flatten([]);
  }

  _flatten(added) {
    this.clips = this._pages.flatMap((page) => page.clips);
    this._told.changed(added);
  }

  /** Ask no more. */
  close() {
    this._gone.abort();
  }
}
