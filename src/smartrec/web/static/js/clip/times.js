/**
 * When each picture of a clip is shown. Pure.
 *
 * All times are milliseconds from the clip's first picture. They may lie unevenly: cameras halve
 * their rate in the dark, and lose pictures.
 */

const USUAL_MS = 1000 / 30; // between two pictures, where nothing is known
const MEASURED = 9;

export class Times {
  constructor() {
    /** @type {number[]} Rising. */
    this.at = [];
    /** Whether no more will come. */
    this.complete = false;
    this._length = 0;
  }

  /** How many pictures there are. */
  get count() {
    return this.at.length;
  }

  /** Number of the last one; -1 where there is none. */
  get last() {
    return this.at.length - 1;
  }

  /** From the first picture to the end of the last. */
  get duration() {
    if (!this.at.length) return 0;
    return this.at.at(-1) + this.interval(this.last);
  }

  /**
   * Take what the server told.
   * @param {{first: number, at_ms: number[], complete: boolean}} told
   * @returns {boolean} Whether anything is new.
   */
  take({ first, at_ms: more, complete }) {
    const fresh = first <= this.count ? more.slice(this.count - first) : [];
    for (const time of fresh) this.at.push(time);
    const changed = fresh.length > 0 || complete !== this.complete;
    this.complete = complete;
    return changed;
  }

  /** @param {?number} milliseconds Of the whole clip, where it is known: says how long the last picture is shown. */
  set length(milliseconds) {
    this._length = milliseconds ?? 0;
  }

  /**
   * For how long a picture is shown.
   * @param {number} index
   */
  interval(index) {
    const { at } = this;
    if (index < this.last) return at[index + 1] - at[index];
    const left = this._length - (at[index] ?? 0);
    if (this.complete && left > 0 && left < 1000) return left;
    const steps = at.slice(-MEASURED).map((time, i, all) => (i ? time - all[i - 1] : 0)).slice(1);
    return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? USUAL_MS;
  }

  /**
   * The moment farthest from both neighbours: whatever a browser rounds, this is within the picture.
   * @param {number} index
   */
  middle(index) {
    return this.at[index] + this.interval(index) / 2;
  }

  /**
   * Which picture is shown at a time.
   * @param {number} time
   * @returns {number} Within what there is; -1 where there is none.
   */
  showing(time) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const half = (low + high) >> 1;
      if (this.at[half] <= time) low = half + 1;
      else high = half;
    }
    return Math.min(this.last, Math.max(0, low - 1));
  }

  /**
   * Which picture has just this time, but for what browsers round.
   * @param {number} time
   */
  nearest(time) {
    const before = this.showing(time);
    if (before < 0 || before === this.last) return before;
    return this.at[before + 1] - time < time - this.at[before] ? before + 1 : before;
  }
}
