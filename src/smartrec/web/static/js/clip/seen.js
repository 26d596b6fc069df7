/**
 * Persons that were seen in a clip: which boxes belong upon a picture, and how sure the model was
 * over time. Pure.
 *
 * Some pictures a second are looked at; a box lies exactly where it was found in those. In between it
 * moves evenly from one look to the next: both are known here, other than live.
 */

const LINKED_MS = 1500; // looks farther apart do not say what was between them
const HELD_MS = 500; // for so long a box is believed without a later look
const LAST_MS = 150; // and where the later look says that the person is gone

/**
 * @typedef {{track: number, box: number[], score: number}} Person
 * @typedef {{at_ms: number, inferred: boolean, persons: Person[]}} Look
 */

export class Seen {
  /** @param {Look[]} looks */
  constructor(looks = []) {
    this.looks = [...looks].sort((one, other) => one.at_ms - other.at_ms);
  }

  /** Highest score of all; null where nobody was seen. */
  get best() {
    const scores = this.looks.map(scoreOf).filter((score) => score > 0);
    return scores.length ? Math.max(...scores) : null;
  }

  /**
   * @param {number} time Milliseconds from the first picture.
   * @returns {number} Of the look before, at most `LINKED_MS` ago; -1 where there is none.
   */
  _before(time) {
    let [low, high] = [0, this.looks.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if (this.looks[half].at_ms <= time + 0.5) low = half + 1;
      else high = half;
    }
    return low > 0 && time - this.looks[low - 1].at_ms <= LINKED_MS ? low - 1 : -1;
  }

  /**
   * @param {number} time Of the picture that is shown.
   * @param {number} least Persons with a lower score are not shown.
   * @returns {import("../looks.js").Shown[]}
   */
  boxes(time, least) {
    const index = this._before(time);
    if (index < 0) return [];
    const look = this.looks[index];
    const next = this.looks[index + 1];
    const linked = next && next.at_ms - look.at_ms <= LINKED_MS;
    return look.persons.filter((person) => person.score >= least).flatMap((person) => {
      const age = time - look.at_ms;
      const later = linked && next.persons.find((each) => each.track === person.track);
      if (!later && age > (linked ? Math.min(LAST_MS, (next.at_ms - look.at_ms) / 2) : HELD_MS)) return [];
      const part = later ? age / (next.at_ms - look.at_ms) : 0;
      const box = later ? person.box.map((side, i) => side + (later.box[i] - side) * part) : person.box;
      return [{ id: person.track, score: person.score, weight: 1, box }];
    });
  }

  /**
   * How sure the model was of somebody at a time.
   * @param {number} time
   * @returns {?number} 0 to 1; null where it was not asked.
   */
  score(time) {
    const index = this._before(time);
    return index < 0 ? null : scoreOf(this.looks[index]);
  }

  /**
   * The scores as lines to draw: each unbroken run of looks is one.
   * @param {number} most Points in all.
   * @returns {[number, number][][]} Of [milliseconds, score].
   */
  runs(most = 1200) {
    const step = Math.max(1, Math.ceil(this.looks.length / most));
    const runs = [];
    for (let i = 0; i < this.looks.length; i += step) {
      const group = this.looks.slice(i, i + step);
      const point = [group[0].at_ms, Math.max(...group.map(scoreOf))];
      const last = runs.at(-1)?.at(-1);
      if (last && point[0] - last[0] <= LINKED_MS * step) runs.at(-1).push(point);
      else runs.push([point]);
    }
    return runs;
  }
}

const scoreOf = (look) => look.persons.reduce((best, person) => Math.max(best, person.score), 0);
