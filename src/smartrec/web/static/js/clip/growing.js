/**
 * A coded camera's clip that is no finished file yet: fragments of MP4, given to the browser as they
 * come (Media Source Extensions). What came can be gone to at once.
 */

const AGAIN_MS = 1_000;
const LONGEST_S = 86_400; // as long as a clip may be: where it is not said, one cannot go to what is still to come
const KEPT_S = 20; // behind what is shown, where a browser takes no more

const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;

export class GrowingFile {
  /**
   * @param {URL} address What there is, and what comes until the clip is whole.
   * @param {string} mime
   * @param {number} offset The media's time of the first picture, seconds.
   */
  constructor(address, mime, offset) {
    this.offset = offset;
    this._address = address;
    this._mime = mime;
    this._given = 0; // bytes
    this._ended = new AbortController();
  }

  /**
   * @param {HTMLVideoElement} element
   * @param {(trouble: import("./player.js").Trouble) => void} failed
   */
  attach(element, failed) {
    this._element = element;
    if (!Source?.isTypeSupported(this._mime)) {
      queueMicrotask(() => failed("codec"));
      return;
    }
    const source = new Source();
    this._url = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => this._open(source), { once: true });
    element.src = this._url;
  }

  /** @returns {Promise<boolean>} Whether it can be had; it is tried again anyway where it cannot. */
  async reachable() {
    return true;
  }

  close() {
    this._ended.abort();
    if (this._url) URL.revokeObjectURL(this._url);
  }

  async _open(source) {
    const buffer = source.addSourceBuffer(this._mime);
    source.duration = LONGEST_S;
    const { signal } = this._ended;
    while (!signal.aborted) {
      try {
        await this._pour(buffer, signal);
        break;
      } catch (error) {
        if (signal.aborted || source.readyState !== "open") return;
        console.debug("the clip comes no further just now", error);
        await pause(AGAIN_MS);
      }
    }
    if (!signal.aborted && source.readyState === "open") source.endOfStream();
  }

  /** From its beginning each time, for the bytes are the same; those given already are left out. */
  async _pour(buffer, signal) {
    const reply = await fetch(this._address, { signal });
    if (!reply.ok) throw new Error(`${reply.status} ${reply.statusText}`);
    const reader = reply.body.getReader();
    let left = this._given;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const fresh = value.subarray(Math.min(left, value.length));
      left -= value.length - fresh.length;
      if (!fresh.length) continue;
      await this._append(buffer, fresh, signal);
      this._given += fresh.length;
    }
  }

  async _append(buffer, bytes, signal) {
    for (;;) {
      try {
        buffer.appendBuffer(bytes);
        await idle(buffer);
        return;
      } catch (error) {
        if (error.name !== "QuotaExceededError") throw error;
        await this._makeRoom(buffer);
        if (signal.aborted) throw error;
      }
    }
  }

  /** The browser holds as much as it wants to: let go of what was shown long ago, else wait for it to be shown. */
  async _makeRoom(buffer) {
    const until = this._element.currentTime - KEPT_S;
    if (buffer.buffered.length && until > buffer.buffered.start(0)) {
      buffer.remove(0, until);
      await idle(buffer);
    } else await pause(AGAIN_MS);
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const idle = (buffer) =>
  new Promise((resolve, reject) => {
    if (!buffer.updating) resolve();
    buffer.addEventListener("updateend", resolve, { once: true });
    buffer.addEventListener("error", () => reject(new Error("the browser does not take it")), { once: true });
  });
