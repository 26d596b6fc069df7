/** The recorder's clocks, as far as this page knows them from the greeting. */

export class ServerClock {
  constructor() {
    this._mono = 0;
    this._wall = Date.now();
    this._here = performance.now();
  }

  /** @param {{mono_ns: string, wall_ns: string}} now The recorder's, this very moment. */
  greet(now) {
    this._mono = Number(now.mono_ns) / 1e6;
    this._wall = Number(now.wall_ns) / 1e6;
    this._here = performance.now();
  }

  /** @returns {number} Milliseconds of the recorder's clock that never jumps. */
  now() {
    return this._mono + performance.now() - this._here;
  }

  /**
   * @param {number} mono Milliseconds of `now`.
   * @returns {Date}
   */
  wallOf(mono) {
    return new Date(this._wall + mono - this._mono);
  }

  /**
   * When an id was made; a UUIDv7 begins with the Unix time in milliseconds (RFC 9562, 5.7).
   * @param {string} id
   * @returns {number} Milliseconds of `now`.
   */
  madeAt(id) {
    return this._mono + Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16) - this._wall;
  }
}
