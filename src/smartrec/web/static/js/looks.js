/**
 * Which boxes belong upon a picture. Pure.
 *
 * A look tells of a picture that was taken 100 to 200 ms ago, and comes a few times a second; in
 * between persons move. So boxes are moved on with their tracks: between two looks where the later
 * one is known by now, else by their speed.
 */

const KEPT = 40;
const SHOWN_NS = 1e9;
const MOVED_NS = 0.8e9; // further on, a speed is a guess
const EDGE = 0.01;
const FADED_NS = 0.5e9;

/**
 * @typedef {{id: number, box: number[], score: number}} Track
 * @typedef {{epoch: number, pts: number, tracks: Track[]}} Look
 * @typedef {{id: number, box: number[], score: number, weight: number}} Shown
 */

export class Looks {
  constructor() {
    /** @type {Look[]} Oldest first. */
    this._looks = [];
  }

  /** @param {{epoch: number, pts: string, tracks: Track[]}} message */
  take(message) {
    const look = { epoch: message.epoch, pts: Number(message.pts), tracks: message.tracks };
    const before = this._looks.at(-1);
    if (before && (before.epoch !== look.epoch || before.pts > look.pts)) this.clear();
    this._looks.push(look);
    if (this._looks.length > KEPT) this._looks.shift();
  }

  clear() {
    this._looks.length = 0;
  }

  /**
   * @param {number} epoch Of the picture.
   * @param {number} pts Of the picture.
   * @param {number} least Persons with a lower score are not shown.
   * @returns {Shown[]} What to draw upon it; weight 0 to 1 is how much it is still believed.
   */
  at(epoch, pts, least) {
    const index = this._looks.findLastIndex((look) => look.epoch === epoch && look.pts <= pts);
    if (index < 0) return [];
    const look = this._looks[index];
    const age = pts - look.pts;
    if (age > SHOWN_NS) return [];
    const next = this._looks[index + 1];
    const before = this._looks[index - 1];
    const weight = age <= FADED_NS ? 1 : (SHOWN_NS - age) / (SHOWN_NS - FADED_NS);
    return look.tracks
      .filter((track) => track.score >= least)
      .map((track) => ({ id: track.id, score: track.score, weight, box: moved(track, look, pts, before, next) }));
  }
}

/**
 * @param {Track} track
 * @param {Look} look That it is of.
 * @param {number} pts To be moved to.
 * @param {?Look} before
 * @param {?Look} next
 * @returns {number[]} Left, top, right, bottom.
 */
function moved(track, look, pts, before, next) {
  const later = next && next.pts - look.pts <= SHOWN_NS && next.tracks.find((each) => each.id === track.id);
  if (later) {
    const part = (pts - look.pts) / (next.pts - look.pts);
    return track.box.map((side, index) => side + (later.box[index] - side) * part);
  }
  const [across, down] = speed(track, look, before);
  const seconds = Math.min(pts - look.pts, MOVED_NS) / 1e9;
  const [left, top, right, bottom] = track.box;
  return [left + across * seconds, top + down * seconds, right + across * seconds, bottom + down * seconds];
}

/**
 * Since the look before, to the right and down, in pictures a second; none where it was not there.
 * Of the box's centre; where the picture's edge cuts the box, of the side that is free: half of the
 * centre's movement is hidden then.
 */
function speed(track, look, before) {
  const earlier = before && look.pts - before.pts <= SHOWN_NS && before.tracks.find((each) => each.id === track.id);
  if (!earlier) return [0, 0];
  const seconds = (look.pts - before.pts) / 1e9;
  return [0, 1].map((low) => {
    const by = [low, low + 2].map((side) => (track.box[side] - earlier.box[side]) / seconds);
    const cut = [track.box[low] < EDGE, track.box[low + 2] > 1 - EDGE];
    if (cut[0] === cut[1]) return (by[0] + by[1]) / 2;
    return cut[0] ? by[1] : by[0];
  });
}
