/** Something that is asked of the recorder again and again, while somebody looks. */

export class Poll {
  /**
   * @param {number} every Milliseconds from an answer to the next question.
   * @param {(signal: AbortSignal) => Promise<*>} ask
   * @param {(answer: *) => void} take
   * @param {(error: Error) => void} [failed] It is asked again all the same.
   */
  constructor(every, ask, take, failed = () => {}) {
    Object.assign(this, { every, _ask: ask, _take: take, _failed: failed });
    this._turn = 0;
    this._seen = () => !document.hidden && this.again();
    document.addEventListener("visibilitychange", this._seen);
    this.again();
  }

  /** Ask at once; what was asked before is given up. */
  async again() {
    if (this._over) return;
    const turn = ++this._turn;
    clearTimeout(this._timer);
    this._given?.abort();
    this._given = new AbortController();
    try {
      const answer = await this._ask(this._given.signal);
      if (turn === this._turn) this._take(answer);
    } catch (error) {
      if (turn === this._turn) this._failed(error);
    }
    if (turn === this._turn && !document.hidden) this._timer = setTimeout(() => this.again(), this.every);
  }

  /** Ask no more. */
  stop() {
    this._over = true;
    this._turn += 1;
    clearTimeout(this._timer);
    this._given?.abort();
    document.removeEventListener("visibilitychange", this._seen);
  }
}
