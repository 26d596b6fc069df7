/** A replay on the recorder: begun, asked how far it is, ended. No DOM. */

const NEXT_MS = [100, 150, 250, 400, 600];
const AGAIN_MS = 2_000;
const CONFLICT = 409;
const GONE = 404;

/**
 * @typedef {"vanishes"|"appears"|"stays"|"manual"|"neither"|"unknown"} Kind
 * @typedef {{at_s: number, score: number, zone: ?string}} Answer
 * @typedef {Object} Outcome Of one clip.
 * @property {string} clip
 * @property {number} start_ms
 * @property {string} camera Id.
 * @property {Kind} outcome
 * @property {?number} shift_s How much later it would begin, where it stays.
 * @property {?Answer} now
 * @property {?Answer} then
 * @property {string} camera_name
 * @property {?number} now_best The highest score that counts, also of nobody.
 * @property {?number} then_best
 * @property {boolean} other_zone
 * @property {boolean} by_hand A key or a command recorded it, too.
 * @property {boolean} thumbnail
 * @property {?string} why
 */

export class Run {
  /** @param {import("../api.js")} api */
  constructor(api) {
    this._api = api;
    /** Is told of anything new; a view that is gone wants nothing. */
    this.changed = () => {};
    /** @type {"none"|"begun"|"running"|"done"|"failed"|"cancelled"} */
    this.state = "none";
    /** @type {Outcome[]} Newest first; of the question before while there is none of this one. */
    this.results = [];
    this.done = 0;
    this.of = 0;
    /** Whether `results` are of the question before. */
    this.old = false;
    /** Of the clip that is looked at, 0 to 1. */
    this.share = 0;
    /** @type {?Error|{message: string, hint: ?string}} */
    this.error = null;
    /** Whether it failed because another one is running, and may go on instead of that. */
    this.taken = false;
    this._id = null;
    /** What of ours the recorder may be at; whatever is asked next is asked instead. */
    this._ours = null;
    this._turn = 0;
  }

  get busy() {
    return this.state === "begun" || this.state === "running";
  }

  /** @param {Object} question As the API has it; what was asked before is given up. */
  async ask(question) {
    const instead = this.taken || this._ours !== null;
    const turn = this.expect();
    try {
      const { id } = await this._api.send("POST", "replays", { ...question, instead });
      this._ours = id;
      if (turn === this._turn) this._go(turn, id);
      else this._cancel(id);
    } catch (error) {
      const { status } = error;
      const taken = status === CONFLICT && (await this._isCurrent(question.digest));
      if (turn !== this._turn) return;
      this.taken = taken;
      this._fail(error);
    }
  }

  /** Something else will be asked in a moment. */
  expect() {
    const { taken } = this;
    const turn = this._again("begun");
    this.taken = taken;
    this._id = null;
    this.old = this.results.length > 0;
    this.changed();
    return turn;
  }

  /** Else the settings file was changed meanwhile. */
  async _isCurrent(digest) {
    try {
      return (await this._api.get("settings")).digest === digest;
    } catch {
      return false;
    }
  }

  /** It is not wanted any more; what is known stays. */
  stop() {
    if (!this.busy) return;
    this._again("cancelled");
    this._cancel(this._ours);
    this._id = null;
    this._settle();
  }

  /** What was found is of no interest any more. */
  forget() {
    this._again("none");
    this.results = [];
    this.old = false;
  }

  /** Ask nothing more for now; it goes on. */
  pause() {
    clearTimeout(this._timer);
    this.changed = () => {};
  }

  /** Ask again how far it is. @param {() => void} changed */
  resume(changed) {
    this.changed = changed;
    if (this.state === "running") this._look(this._turn, 0);
  }

  _again(state) {
    clearTimeout(this._timer);
    this.state = state;
    this.error = null;
    this.taken = false;
    return ++this._turn;
  }

  _go(turn, id) {
    Object.assign(this, { _id: id, taken: false, _next: 0, state: "running", done: 0, of: 0, share: 0 });
    this._look(turn, 0);
  }

  async _look(turn, n) {
    clearTimeout(this._timer);
    try {
      const answer = await this._api.get(`replays/${encodeURIComponent(this._id)}`, new URLSearchParams({ since: String(this._next) }));
      if (turn === this._turn) this._take(turn, n, answer);
    } catch (error) {
      if (turn !== this._turn) return;
      if (error.status) this._fail(error);
      else this._timer = setTimeout(() => this._look(turn, 0), AGAIN_MS);
    }
  }

  _take(turn, n, { state: told, done, of, share, results, next, more, error }) {
    const state = more ? "running" : told;
    if (this.old && (results.length || state !== "running")) {
      this.old = false;
      this.results = [];
    }
    if (!this.old) this.results.push(...results);
    Object.assign(this, { done, of, share, state, error, _next: next });
    if (told !== state) this._look(turn, 0); // there is more at once
    else if (state === "running") this._timer = setTimeout(() => this._look(turn, n + 1), NEXT_MS[Math.min(n, NEXT_MS.length - 1)]);
    if (told !== "running") this._ours = null;
    this.changed();
  }

  _fail(error) {
    console.debug("no replay", error);
    this.state = "failed";
    this.error = error;
    this._id = null;
    if (error.status === GONE) this._ours = null;
    this._settle();
  }

  /** What was found before is not of what is asked now. */
  _settle() {
    if (this.old) this.results = [];
    this.old = false;
    this.changed();
  }

  async _cancel(id) {
    if (!id) return;
    try {
      await this._api.send("DELETE", `replays/${encodeURIComponent(id)}`);
      if (this._ours === id) this._ours = null;
    } catch (error) {
      console.debug("it ends by itself", error);
    }
  }
}
