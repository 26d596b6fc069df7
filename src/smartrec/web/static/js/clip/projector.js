/**
 * What is shown of a clip: its pictures' times, what was seen in them, and the player that suits what
 * it is made of. A clip that is being recorded grows; once it is finished it is another file, and is
 * gone on with at the same moment.
 */

import { memory } from "../dom.js";
import { Film, WholeFile } from "./film.js";
import { GrowingFile } from "./growing.js";
import { Reel } from "./reel.js";
import { Seen } from "./seen.js";
import { Times } from "./times.js";

const GROWS_MS = 500;
const LOOKS_MS = 2_000;
const AGAIN_MS = 2_000;

export class Projector {
  /**
   * @param {string} id Of the clip.
   * @param {import("../api.js")} api
   * @param {import("./screen.js").Screen} screen
   * @param {Object} told
   * @param {() => void} told.drawn Another picture is on the screen.
   * @param {() => void} told.changed It plays, or does not, or otherwise.
   * @param {() => void} told.grown There is more of it.
   * @param {() => void} told.failed Something is wrong with it; perhaps it was deleted.
   */
  constructor(id, api, screen, told) {
    this._path = `clips/${encodeURIComponent(id)}`;
    this._api = api;
    this._screen = screen;
    this._told = told;
    this._kind = null;
    this._speed = 1;
    this._muted = memory.get("clip.muted") === "on";
    this._ended = new AbortController();
    this.times = new Times();
    this.seen = new Seen();
    /** @type {?import("./player.js").Player} */
    this.player = null;
    /** @type {?import("./player.js").Trouble|"refused"} */
    this.trouble = null;
    /** @type {?[string, string]} In the server's words: what, and what mends it. */
    this.refusal = null;
  }

  get speed() {
    return this._speed;
  }

  set speed(speed) {
    this._speed = speed;
    if (this.player) this.player.pace = speed;
    else this._told.changed();
  }

  get muted() {
    return this._muted;
  }

  set muted(muted) {
    this._muted = muted;
    memory.set("clip.muted", muted ? "on" : "off");
    if (this.player) this.player.muted = muted;
  }

  pause() {
    this.player?.pause();
  }

  /**
   * Show what there is of the clip.
   * @param {Object} detail
   * @param {number} at Seconds from the first picture where to begin; NaN: at the beginning.
   */
  show(detail, at) {
    this._detail = detail;
    const there = detail.media && detail.trashed_ms === null;
    const kind = there ? `${detail.media.kind} ${detail.media.complete}` : null;
    if (kind === this._kind) return;
    this._kind = kind;
    if (kind) this._begin(detail, at);
    else this.remove();
  }

  /** There is nothing to be shown any more. */
  remove() {
    this._turn = null;
    clearTimeout(this._timer);
    clearTimeout(this._lookTimer);
    this.player?.close();
    this.player = null;
    this.trouble = null;
    this._screen.put(null);
    this._screen.boxes([]);
  }

  /** Try again what failed for want of an answer. */
  retry() {
    if (!["network", "refused"].includes(this.trouble) || !this._detail) return;
    this._begin(this._detail, this._place());
  }

  /** Let go of everything. */
  close() {
    this.remove();
    this._ended.abort();
  }

  /** Seconds from the first picture to the one on the screen. */
  _place() {
    return this.player && this.player.shown >= 0 ? this.times.at[this.player.shown] / 1000 : Number.NaN;
  }

  async _begin(detail, at) {
    const before = this.player && { place: this._place() + (this._start - detail.start_ms) / 1000, direction: this.player.direction };
    const turn = (this._turn = {});
    clearTimeout(this._timer);
    const times = new Times();
    if (detail.duration_s !== null) times.length = 1000 * detail.duration_s;
    if (!(await this._ask(turn, times))) return;
    this.trouble = null;
    this.player?.close(); // until here the one before was seen
    this.times = times;
    this._start = detail.start_ms;
    const player = (this.player = this._load(detail, times));
    player.speed = this._speed;
    player.muted = this._muted;
    const { width, height, rotate } = detail.media;
    this._screen.put(player.element, rotate % 180 ? height / width : width / height, detail.media);
    this._seek(player, before ? before.place : at);
    if (before?.direction) player.play(before.direction);
    this._told.grown();
    this._told.changed();
    this._look(turn);
    if (!times.complete) this._follow(turn);
  }

  _seek(player, at) {
    player.seek(Number.isFinite(at) && at > 0 ? this.times.nearest(1000 * at) : 0);
  }

  _load(detail, times) {
    const told = {
      drawn: () => this._told.drawn(),
      changed: () => this._told.changed(),
      failed: (trouble) => this._failed(trouble),
    };
    if (detail.media.kind === "frames") return new Reel(times, told, (index) => this._api.at(`${this._path}/frames/${index}`), detail.media);
    const { mime, first_s: first = 0 } = detail.media;
    const pieces = mime.includes("codecs=");
    const address = this._api.at(`${this._path}/video${pieces ? "?follow=true" : ""}`);
    return new Film(times, told, pieces ? new GrowingFile(address, mime, first) : new WholeFile(address));
  }

  _failed(trouble) {
    this.trouble = trouble;
    this._told.changed();
    this._told.failed();
    if (trouble === "network") this._later(() => this.retry());
  }

  /** The server answered, but not with what was asked; or it did not answer. */
  _refuse(error) {
    const refused = error instanceof this._api.Refused;
    this.trouble = refused ? "refused" : "network";
    this.refusal = refused ? [error.message, error.hint ?? ""] : null;
    this._told.changed();
    if (refused) this._told.failed();
    if (!refused || error.status >= 500) this._later(() => this.retry());
  }

  _later(act) {
    clearTimeout(this._timer);
    this._timer = setTimeout(act, AGAIN_MS);
  }

  /** The times of all pictures that there are. */
  async _ask(turn, times) {
    try {
      for (;;) {
        const told = await this._api.get(`${this._path}/frames`, new URLSearchParams({ since: String(times.count) }), this._ended.signal);
        if (turn !== this._turn) return false;
        times.take(told);
        if (times.complete || !told.at_ms.length || !this._detail.media?.complete) return true;
      }
    } catch (error) {
      if (turn !== this._turn || this._ended.signal.aborted) return false;
      console.debug("no times of the clip's pictures", error);
      this._refuse(error);
      return false;
    }
  }

  /** A clip that is being recorded: what is new. */
  async _follow(turn) {
    clearTimeout(this._timer);
    const count = this.times.count;
    const asked = await this._ask(turn, this.times);
    if (!asked || turn !== this._turn) return;
    if (this.times.count > count) {
      this.player.grown();
      if (this.player.shown < 0) this.player.seek(0);
      this._told.grown();
    }
    if (!this.times.complete) this._timer = setTimeout(() => this._follow(turn), GROWS_MS);
  }

  async _look(turn) {
    clearTimeout(this._lookTimer);
    try {
      const { looks } = await this._api.get(`${this._path}/looks`, undefined, this._ended.signal);
      if (turn !== this._turn) return;
      this.seen = new Seen(looks);
      this._told.grown();
      this._told.changed();
    } catch (error) {
      if (turn !== this._turn || this._ended.signal.aborted) return;
      console.debug("nothing is known of who was seen", error);
    }
    if (!this._detail.media?.complete) this._lookTimer = setTimeout(() => this._look(turn), LOOKS_MS);
  }
}
