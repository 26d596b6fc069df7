/**
 * Pictures of a clip that are decoded and at hand: those wanted are fetched a few at a time, the most
 * wanted first; how much memory they take is bounded.
 */

const AT_ONCE = 4; // a browser has six connections to a server
const MOST_BYTES = 128 * 1024 * 1024; // decoded
const LEAST = 3;
const PATIENCE_MS = 15_000;

export class Shelf {
  /**
   * @param {(index: number) => URL} addressOf
   * @param {Object} told
   * @param {(index: number) => void} told.came A picture is at hand.
   * @param {(index: number, error: Error) => void} told.failed It cannot be had.
   */
  constructor(addressOf, told) {
    this._addressOf = addressOf;
    this._told = told;
    /** @type {Map<number, ImageBitmap>} The one used longest ago first. */
    this._held = new Map();
    /** @type {Map<number, AbortController>} */
    this._coming = new Map();
    this._wanted = [];
    this._broken = false;
    this._closed = false;
    this._each = 4 * 1280 * 720;
  }

  /** How many pictures there is room for. */
  get room() {
    return Math.max(LEAST, Math.floor(MOST_BYTES / this._each));
  }

  /**
   * @param {number} index
   * @returns {ImageBitmap|undefined}
   */
  get(index) {
    const bitmap = this._held.get(index);
    if (bitmap) {
      this._held.delete(index);
      this._held.set(index, bitmap);
    }
    return bitmap;
  }

  /** @param {number} index */
  has(index) {
    return this._held.has(index);
  }

  /** @param {number} index @returns {number} Of the nearest picture at hand; -1 without any. */
  nearest(index) {
    let found = -1;
    for (const each of this._held.keys()) if (found < 0 || Math.abs(each - index) < Math.abs(found - index)) found = each;
    return found;
  }

  /**
   * @param {number[]} indices Most wanted first; what else is on its way is given up.
   */
  want(indices) {
    this._wanted = indices.slice(0, this.room);
    for (const [index, controller] of this._coming) if (!this._wanted.includes(index)) controller.abort();
    this._fetchNext();
  }

  /** Try again after a failure. */
  retry() {
    this._broken = false;
    this._fetchNext();
  }

  /** Let go of all. */
  close() {
    this._closed = true;
    this._wanted = [];
    for (const controller of this._coming.values()) controller.abort();
    for (const bitmap of this._held.values()) bitmap.close();
    this._held.clear();
  }

  _fetchNext() {
    if (this._closed || this._broken) return;
    for (const index of this._wanted) {
      if (this._coming.size >= AT_ONCE) return;
      if (!this._held.has(index) && !this._coming.has(index)) this._fetch(index);
    }
  }

  async _fetch(index) {
    const controller = new AbortController();
    this._coming.set(index, controller);
    const late = setTimeout(() => controller.abort(new DOMException("no answer", "TimeoutError")), PATIENCE_MS);
    let failure = null;
    try {
      const reply = await fetch(this._addressOf(index), { signal: controller.signal });
      if (!reply.ok) throw new Error(`${reply.status} ${reply.statusText}`);
      this._hold(index, await createImageBitmap(await reply.blob()));
    } catch (error) {
      if (error.name !== "AbortError") failure = error;
    } finally {
      clearTimeout(late);
      this._coming.delete(index);
    }
    if (this._closed) return;
    if (failure) {
      this._broken = true;
      this._told.failed(index, failure);
    } else if (this._held.has(index)) this._told.came(index);
    this._fetchNext();
  }

  _hold(index, bitmap) {
    if (this._closed) {
      bitmap.close();
      return;
    }
    this._each = 4 * bitmap.width * bitmap.height;
    this._held.get(index)?.close();
    this._held.set(index, bitmap);
    for (const old of [...this._held.keys()]) {
      if (this._held.size <= this.room) break;
      if (this._wanted.includes(old)) continue;
      this._held.get(old).close();
      this._held.delete(old);
    }
  }
}
