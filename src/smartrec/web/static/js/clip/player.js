/**
 * What plays a clip, whatever it is made of: exactly one picture forward or back, forward and
 * backward at any speed, and to where somebody drags.
 *
 * What is on the screen is what the player saw being shown, never what it asked for; a step begins
 * there. Wishes that come while the player is on its way to a picture are added up, so that none is
 * lost and none waits in a queue.
 */

/** Speeds to choose from. */
export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8];
const AGAIN_MS = 40; // before the end, "play" begins anew

/**
 * @typedef {"codec"|"decode"|"network"} Trouble This browser does not play the codec; it fails at
 *   this file; the file does not come.
 *
 * @typedef {Object} Told
 * @property {(index: number) => void} told.drawn A picture is on the screen.
 * @property {() => void} told.changed It plays, stands still, waits, or plays at another speed.
 * @property {(trouble: Trouble) => void} told.failed
 */

export class Player {
  /**
   * @param {import("./times.js").Times} times
   * @param {Told} told
   */
  constructor(times, told) {
    this._times = times;
    this._told = told;
    this._closed = false;
    /** Number of the picture on the screen; -1 before the first. */
    this.shown = -1;
    /** Pictures go by: 1 forward, -1 backward, 0 they stand still. */
    this.direction = 0;
    this.speed = 1;
    /** Whether it would play, but has nothing to show yet. */
    this.waiting = false;
    this._target = null;
    this._heading = null;
    this._steps = 0;
    this._chasing = false;
    this._turn = 0;
  }

  /** @returns {boolean} Whether there is any sound to be heard. */
  get sounds() {
    return false;
  }

  /**
   * Play.
   * @param {1|-1} [direction]
   */
  play(direction = 1) {
    if (this._closed || !this._times.count) return;
    const { last, complete } = this._times;
    if (direction > 0 && complete && this.shown >= last - this._nearly(last)) this._jump(0);
    if (direction < 0 && this.shown <= 0) this._jump(last);
    this.direction = direction;
    this._turn += 1;
    this._target = this._heading = null;
    this._steps = 0;
    this._told.changed();
    this._run(direction);
  }

  /** Stand still at the picture on the screen. */
  pause() {
    if (!this.direction) return;
    this.direction = 0;
    this.waiting = false;
    this._turn += 1;
    this._halt();
    this._told.changed();
  }

  /** @param {number} speed 1 is as it happened. */
  set pace(speed) {
    this.speed = speed;
    this._paced();
    this._told.changed();
  }

  /** Whether it is on its way to a picture. */
  get busy() {
    return this._chasing;
  }

  /** Number of the picture that it is on its way to; else of the one on the screen. */
  get wished() {
    return Math.min(this._times.last, Math.max(0, (this._target ?? this._heading ?? this.shown) + this._steps));
  }

  /**
   * Go on by pictures; it stands still then.
   * @param {number} by
   */
  step(by) {
    this.pause();
    this._steps += by;
    this._chase();
  }

  /**
   * Go to a picture; it goes on playing if it was.
   * @param {number} index
   */
  seek(index) {
    const within = Math.min(this._times.last, Math.max(0, index));
    this._steps = 0;
    this._heading = null;
    if (this.direction) this._jump(within);
    else {
      this._target = within;
      this._chase();
    }
  }

  /** Whether the way to a picture was left for another wish. */
  get _passed() {
    return false;
  }

  /** More pictures are there. */
  grown() {}

  /** Let go of everything. */
  close() {
    this._closed = true;
    this.direction = 0;
    this._turn += 1;
  }

  _nearly(last) {
    return this._times.interval(last) < AGAIN_MS ? 1 : 0;
  }

  async _chase() {
    if (this._chasing) return;
    this._chasing = true;
    await this._settled();
    while (!this._closed && !this.direction && (this._target !== null || this._steps)) {
      const index = this.wished;
      this._target = this._heading = null;
      this._steps = 0;
      if (index < 0 || index === this.shown) continue;
      this._heading = index; // the next step goes on from there, though it may not be reached before
      await this._go(index);
      if (!this._passed) this._heading = null;
    }
    this._chasing = false;
    if (!this._closed) this._told.changed();
  }

  /** A picture is on the screen. */
  _draws(index) {
    if (this._closed || index === this.shown) return;
    this.shown = index;
    this._told.drawn(index);
  }

  _waits(waiting) {
    if (waiting === this.waiting) return;
    this.waiting = waiting;
    this._told.changed();
  }
}
