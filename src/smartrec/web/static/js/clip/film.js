/** Plays a clip in a <video>: H.264 and H.265. */

import { Player } from "./player.js";

const LATE_MS = 250; // a browser that tells which picture it shows does so within this

export class Film extends Player {
  /**
   * @param {import("./times.js").Times} times
   * @param {import("./player.js").Told} told
   * @param {{attach: (element: HTMLVideoElement, failed: (trouble: string) => void) => void, offset: number, reachable: () => Promise<boolean>, close: () => void}} source
   *   Where it comes from; `offset` is the media's time of the first picture, seconds.
   */
  constructor(times, told, source) {
    super(times, told);
    this._source = source;
    this._anchor = null;
    this._settles = false;
    this._seen = () => {};
    /** @type {HTMLVideoElement} */
    this.element = document.createElement("video");
    Object.assign(this.element, { playsInline: true, preload: "auto", disableRemotePlayback: true, disablePictureInPicture: true });
    this.element.setAttribute("aria-hidden", "true"); // the controls and the time say all that it would
    this._listen();
    source.attach(this.element, (trouble) => this._told.failed(trouble));
    this._watch();
  }

  get sounds() {
    return true;
  }

  /** @param {boolean} muted */
  set muted(muted) {
    this.element.muted = muted;
  }

  grown() {
    if (this.direction > 0 && this.waiting && this.element.paused) this._run(1);
  }

  close() {
    super.close();
    this._source.close();
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
    this.element.remove();
  }

  _listen() {
    const { element } = this;
    element.addEventListener("error", () => this._failed());
    element.addEventListener("loadedmetadata", () => element.videoWidth || this._told.failed("codec")); // it may play the sound alone
    element.addEventListener("ended", () => this._ended());
    element.addEventListener("waiting", () => this.direction > 0 && this._waits(true));
    element.addEventListener("playing", () => this._waits(false));
  }

  async _failed() {
    const { error } = this.element;
    if (this._closed) return;
    console.debug("the clip does not play", error);
    let trouble = { [MediaError.MEDIA_ERR_DECODE]: "decode", [MediaError.MEDIA_ERR_NETWORK]: "network" }[error?.code];
    trouble ??= (await this._source.reachable()) ? "codec" : "network"; // browsers say the same of both
    if (!this._closed) this._told.failed(trouble);
  }

  _ended() {
    if (this.direction <= 0) return;
    if (this._times.complete) this.pause();
    else this._waits(true);
  }

  /** Hear of each picture that is put on the screen. */
  _watch() {
    if (this._closed) return;
    if ("requestVideoFrameCallback" in this.element) {
      this.element.requestVideoFrameCallback((_, frame) => {
        this._watch();
        const time = (frame.mediaTime - this._source.offset) * 1000;
        if (time > -this._times.interval(0) / 2) this._shows(this._times.nearest(time)); // what lies before it is hidden
      });
    } else {
      requestAnimationFrame(() => {
        this._watch();
        if (!this.element.seeking && this.element.readyState > 1) this._shows(this._now());
      });
    }
  }

  _now() {
    return this._times.showing((this.element.currentTime - this._source.offset) * 1000);
  }

  _shows(index) {
    if (index < 0) return;
    this._draws(index);
    this._seen(index);
  }

  _timeOf(index) {
    return this._source.offset + this._times.middle(index) / 1000;
  }

  _run(direction) {
    this._settles = true;
    if (direction < 0) {
      this._backward(this._turn);
      return;
    }
    const { element } = this;
    element.playbackRate = this.speed;
    const turn = this._turn;
    element.play().catch((error) => {
      console.debug("it does not play", error);
      if (turn === this._turn && error.name === "NotAllowedError") this.pause();
    });
  }

  _halt() {
    this.element.pause();
  }

  _paced() {
    this._anchor = null;
    if (this.direction > 0) this.element.playbackRate = this.speed;
  }

  _jump(index) {
    this._anchor = null;
    if (this.direction < 0) this.shown = index;
    this.element.currentTime = this._timeOf(index);
  }

  /** What comes backward is sought picture by picture, as many as this machine decodes in time. */
  async _backward(turn) {
    this.element.pause();
    this._anchor = null;
    while (turn === this._turn && !this._closed) {
      this._anchor ??= { time: this._times.at[this.shown], now: performance.now() };
      const time = this._anchor.time - (performance.now() - this._anchor.now) * this.speed;
      const index = time <= 0 ? 0 : this._times.showing(time);
      if (index !== this.shown) await this._go(index);
      else if (index > 0) await painted();
      if (turn === this._turn && this.shown <= 0) this.pause();
    }
  }

  /** Before the first picture there is nowhere to go; after playing, the browser may have been about to show one more. */
  async _settled() {
    if (!this.element.readyState) await new Promise((resolve) => this._once(["loadedmetadata", "error", "emptied"], resolve));
    if (!this._settles) return;
    this._settles = false;
    await painted();
    await painted();
    if (this.shown >= 0 && !this._closed) await this._go(this.shown);
  }

  _once(kinds, act) {
    const done = () => {
      for (const kind of kinds) this.element.removeEventListener(kind, done);
      act();
    };
    for (const kind of kinds) this.element.addEventListener(kind, done);
  }

  async _go(index) {
    const { element } = this;
    const found = new Promise((resolve) => {
      let late = 0;
      let sought = false;
      let told = -1;
      const done = () => {
        clearTimeout(late);
        element.removeEventListener("seeked", seeked);
        element.removeEventListener("error", done);
        this._seen = () => {};
        resolve();
      };
      const seeked = () => {
        sought = true;
        if (told === index) done();
        else late = setTimeout(() => (this._shows(this._now()), done()), LATE_MS);
      };
      element.addEventListener("seeked", seeked);
      element.addEventListener("error", done);
      this._seen = (shown) => {
        told = shown;
        if (sought && shown === index) done();
      };
    });
    element.currentTime = this._timeOf(index);
    await found;
  }
}

/** A finished file, which the browser fetches in ranges. */
export class WholeFile {
  /** @param {URL} address */
  constructor(address) {
    this.offset = 0;
    this._address = address;
  }

  /** @param {HTMLVideoElement} element */
  attach(element) {
    element.src = String(this._address);
  }

  /** @returns {Promise<boolean>} Whether it can be had at all. */
  async reachable() {
    try {
      return (await fetch(this._address, { headers: { Range: "bytes=0-0" } })).ok;
    } catch {
      return false;
    }
  }

  close() {}
}

/** The next time that the screen is painted; soon, where nothing is painted. */
const painted = () =>
  new Promise((resolve) => {
    const late = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(late);
      resolve();
    });
  });
