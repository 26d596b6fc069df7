/** Plays a clip whose pictures are fetched one by one and drawn on a canvas: a camera's own JPEGs. */

import { paintUpright } from "../picture.js";
import { Player } from "./player.js";
import { Shelf } from "./shelf.js";

const AHEAD = 12; // pictures that are fetched before they are needed
const BEHIND_MS = 300; // so late, and the clock waits for the pictures
const SCREEN_MS = 1000 / 60;

export class Reel extends Player {
  /**
   * @param {import("./times.js").Times} times
   * @param {import("./player.js").Told} told
   * @param {(index: number) => URL} addressOf
   * @param {{rotate: number, flip: boolean}} turn How pictures must be turned to stand upright.
   */
  constructor(times, told, addressOf, turn) {
    super(times, told);
    this._turned = turn;
    this._anchor = null;
    this._wish = () => {};
    this._painted = null;
    this._shelf = new Shelf(addressOf, { came: (index) => this._came(index), failed: (index, error) => this._missed(index, error) });
    /** @type {HTMLCanvasElement} */
    this.element = document.createElement("canvas");
    this.element.setAttribute("aria-hidden", "true");
    this._context = this.element.getContext("2d", { alpha: false });
  }

  seek(index) {
    super.seek(index);
    this._wish();
  }

  step(by) {
    super.step(by);
    this._wish();
  }

  /** Try again after the network was away. */
  retry() {
    this._shelf.retry();
  }

  close() {
    super.close();
    this._wish();
    this._shelf.close();
    this.element.remove();
  }

  _came(index) {
    if (index === this._awaited) this._wish();
  }

  _missed(index, error) {
    console.debug(`picture ${index} does not come`, error);
    this._told.failed("network");
  }

  async _settled() {}

  _halt() {
    this._anchor = null;
  }

  get _passed() {
    return this.shown !== this._heading;
  }

  _paced() {
    this._anchor = null;
  }

  _jump(index) {
    this._anchor = { time: this._times.at[index], now: performance.now() };
  }

  _run() {
    const turn = this._turn;
    this._anchor ??= this._here();
    const next = () => {
      if (turn !== this._turn || this._closed) return;
      this._show();
      if (turn === this._turn) requestAnimationFrame(next);
      else this._anchor = null;
    };
    next();
  }

  _here() {
    return { time: this._times.at[Math.max(0, this.shown)], now: performance.now() };
  }

  /** What is due now; where nothing of it came in time, the clock waits. */
  _show() {
    const { direction, speed, _times: times } = this;
    this._anchor ??= this._here();
    const time = this._anchor.time + direction * (performance.now() - this._anchor.now) * speed;
    const due = times.showing(Math.max(0, time));
    const stride = Math.max(1, Math.round((speed * SCREEN_MS) / times.interval(due)));
    this._shelf.want(line(due, direction * stride, Math.min(AHEAD, this._shelf.room - 1), times.last));
    const best = this._atHand(due, direction);
    if (best !== null) this._paint(best);
    const ends = direction > 0 ? time >= times.duration : time <= 0;
    const there = this.shown === (direction > 0 ? times.last : 0);
    if (ends && there) {
      if (times.complete || direction < 0) this.pause();
      else {
        this._anchor = this._here();
        this._waits(true);
      }
    } else if (best === null && due !== this.shown && Math.abs(time - times.at[this.shown]) > BEHIND_MS * speed) {
      this._anchor = this._here();
      this._waits(true);
    } else if (best !== null) this._waits(false);
  }

  /** The picture at hand that is nearest to the one due, of those not yet shown; null without one. */
  _atHand(due, direction) {
    for (let index = due; index !== this.shown && index >= 0 && index <= this._times.last; index -= direction) {
      if (this._shelf.has(index)) return index;
      if (Math.abs(index - due) > this._shelf.room) break;
    }
    return null;
  }

  async _go(index) {
    this._anchor = null;
    this._awaited = index;
    const around = [index, index + 1, index - 1, index + 2, index - 2, index + 3];
    this._shelf.want(around.filter((each) => each >= 0 && each <= this._times.last));
    if (!this._shelf.has(index)) {
      const near = this._shelf.nearest(index);
      if (near >= 0 && Math.abs(near - index) < Math.abs(this.shown - index)) this._paint(near);
      await new Promise((resolve) => (this._wish = resolve));
      this._wish = () => {};
    }
    this._awaited = -1;
    if (this._shelf.has(index) && !this._closed) this._paint(index);
    else if (this._target === null && !this._closed && !this.direction) this._target = index; // on with it
  }

  _paint(index) {
    const bitmap = this._shelf.get(index);
    paintUpright(this._context, bitmap, this._turned, { width: Infinity, height: Infinity });
    this._draws(index);
  }
}

/** Numbers of pictures from one on, as long as there are any. */
function line(first, by, count, last) {
  const found = [];
  for (let index = first; found.length <= count && index >= 0 && index <= last; index += by) found.push(index);
  return found;
}
