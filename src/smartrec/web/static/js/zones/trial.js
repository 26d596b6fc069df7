/** Which events the zones would have kept: asked of the recorder, piece by piece, while somebody draws. */

const SOON_MS = 120;
const AGAIN_MS = 3_000;
const MANY = 100; // clips
const POINTS = [40, 12]; // of a clip; of each of many
const SAME_MS = 3_600_000; // the last day is a little later each time

/**
 * @typedef {"kept"|"dropped"|"manual"|"unknown"} State "manual": by key or command, whatever zones say;
 * "unknown": it was not noted who was seen.
 * @typedef {Object} Tried One clip.
 * @property {string} id
 * @property {number} start_ms
 * @property {State} state
 * @property {?number} score
 * @property {[number, number, boolean][]} points Where persons were, and whether that picture counts.
 */

export class Trial {
  /**
   * @param {import("../api.js")} api
   * @param {() => void} changed
   */
  constructor(api, changed) {
    this._api = api;
    this._changed = changed;
    /** @type {Map<string, Tried>} Newest first; what is not answered anew yet is as it was. */
    this._found = new Map();
    this._asked = "";
    /** Whether more is on its way. */
    this.busy = false;
    /** @type {?Error} */
    this.error = null;
  }

  /** @returns {Tried[]} Newest first. */
  get clips() {
    return [...this._found.values()];
  }

  /** @param {State} state */
  count(state) {
    return this.clips.filter((clip) => clip.state === state).length;
  }

  /**
   * Try these zones; what was asked before is not wanted any more.
   * @param {string} camera
   * @param {import("./drawing.js").Zone[]} zones
   * @param {import("../events/scale.js").Range} range
   */
  ask(camera, zones, range) {
    const plain = zones.map(({ kind, anchor, polygon }, index) => ({ name: `z${index}`, kind, anchor, polygon })); // a name that is not right yet matters not
    const question = { camera, zones: plain, from_ms: Math.round(range.from), to_ms: Math.round(range.to) };
    const asked = JSON.stringify(question);
    if (asked === this._asked) return;
    const before = this._asked && JSON.parse(this._asked);
    if (before && (before.camera !== camera || Math.abs(before.from_ms - question.from_ms) > SAME_MS)) this._found.clear();
    this._asked = asked;
    this._begin(question, SOON_MS);
  }

  /** Ask the same again: there may be other events by now. */
  again() {
    if (this._asked) this._begin(JSON.parse(this._asked), 0);
  }

  /** Let go of everything. */
  close() {
    clearTimeout(this._timer);
    this._ended?.abort();
  }

  _begin(question, after) {
    this.close();
    this.busy = true;
    this._timer = setTimeout(() => this._run(question), after);
    this._changed();
  }

  async _run(question) {
    const ended = (this._ended = new AbortController());
    const came = new Map();
    const points = POINTS[Number(this._found.size > MANY)];
    try {
      for (let cursor = null; ; ) {
        const answer = await this._api.send("POST", "zones/trial", { ...question, points, ...(cursor && { cursor }) }, ended.signal);
        for (const clip of answer.clips) came.set(clip.id, clip);
        cursor = answer.cursor ?? null;
        this.error = null;
        this._take(came, cursor === null);
        if (cursor === null) return;
      }
    } catch (error) {
      if (ended.signal.aborted) return;
      console.debug("nothing could be tried", error);
      this.error = error;
      this.busy = false;
      if (!error.status) this._timer = setTimeout(() => this._run(question), AGAIN_MS);
      this._changed();
    }
  }

  _take(came, whole) {
    const all = whole ? [...came.values()] : [...new Map([...this._found, ...came]).values()];
    all.sort((one, other) => other.start_ms - one.start_ms || (one.id < other.id ? 1 : -1));
    this._found = new Map(all.map((clip) => [clip.id, clip]));
    this.busy = !whole;
    this._changed();
  }
}
