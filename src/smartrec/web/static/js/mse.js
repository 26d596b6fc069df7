/**
 * A coded camera's pictures (H.264, H.265) on a <video>, by Media Source Extensions: one fragment of
 * MP4 a picture, shown as it comes.
 *
 * A <video> shows by a clock, not as soon as it can. So it is kept just behind the newest picture:
 * each should come a moment before the clock gets to its time. Where pictures come earlier than
 * that, the clock is let run a little faster, where they come late, slower; where it is far behind,
 * it jumps. What a decoder holds back before it shows anything differs; it is learned where the
 * picture stands still though there would be more.
 */

const INIT = 1;
const EARLY_S = 0.04; // that a picture should come before its time, at the least
const EVEN_S = 0.02; // by so much it may be otherwise
const LATE_S = 0.01; // by so much earlier where one came too late
const CALM = 0.99; // what is left of that, each time that the pace is looked at
const MOST_EARLY_S = 0.3; // for the sake of a network that is uneven
const FASTEST = 1.25;
const SLOWEST = 0.9;
const PACED_S = 0.5; // how often the clock's pace is looked at
const JUMP_S = 0.5; // so far behind, and it jumps
const JUMP_EVERY_S = 1; // a jump empties the decoder: first see what it makes of the one before
const SELDOM_S = 10; // who jumps more often is too slow, and jumps where little must be decoded
const MOST_HELD_S = 3; // by a decoder
const HELD_S = 0.1; // to give it beyond that
const HELD_TIMES = 3; // to be sure that it does, and that the machine was not just busy
const LONG_MS = 300; // to append and decode a picture
const KEPT_S = 3; // of what was shown
const TIMES = 600; // pictures whose times are known
const SAME_S = 0.002;
const MOST_ERRORS = 3;

const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;

/**
 * @typedef {{kind: number, keyframe: boolean, epoch: number, pts: number}} Header See link.js.
 * @typedef {"codec"|"decode"|"autoplay"} Trouble This browser does not play the codec; it fails at
 *   this stream; it wants a click first.
 */

export class CodedPicture {
  /**
   * @param {Object} given
   * @param {string} given.mime Of the camera's format.
   * @param {(epoch: number, pts: number) => void} given.onframe A picture was shown.
   * @param {(trouble: ?Trouble) => void} given.ontrouble null where it is over.
   */
  constructor({ mime, onframe, ontrouble }) {
    this._mime = mime;
    this._onframe = onframe;
    this._ontrouble = ontrouble;
    this._trouble = null;
    this._init = null;
    this._errors = 0;
    this._closed = false;
    this._early = EARLY_S;
    /** @type {HTMLVideoElement} */
    this.element = document.createElement("video");
    Object.assign(this.element, {
      muted: true,
      playsInline: true,
      disableRemotePlayback: true,
      disablePictureInPicture: true,
    });
    this.element.addEventListener("error", () => this._fail());
    this.element.addEventListener("waiting", () => this._starved());
    this.element.addEventListener("seeked", () => this._jumpedTo());
    this._forget();
    this._listen();
  }

  /**
   * What came of the camera, in order.
   * @param {number} kind
   * @param {Header} header
   * @param {Uint8Array} bytes
   */
  push(kind, header, bytes) {
    if (this._closed) return;
    if (kind === INIT) {
      this._init = { zero: header.pts, epoch: header.epoch, bytes };
      this._errors = 0;
      this._early = EARLY_S;
      this._begin();
    } else if (this._init && (header.keyframe || !this._broken)) {
      if (header.keyframe && this._failed) this._begin();
      this._take(header, bytes);
    }
  }

  /** Let go of everything; it shows nothing any more. */
  close() {
    this._closed = true;
    this._forget();
    this.element.removeAttribute("src");
    this.element.load();
  }

  /** A new <video> source, from the init segment on. */
  _begin() {
    this._forget();
    if (!Source?.isTypeSupported(this._mime)) {
      this._tell("codec");
      return;
    }
    const source = new Source();
    this._source = source;
    this._url = URL.createObjectURL(source);
    this._queue.push(this._init.bytes);
    source.addEventListener("sourceopen", () => this._open(source), { once: true });
    this.element.src = this._url;
  }

  _open(source) {
    if (source !== this._source) return;
    const buffer = source.addSourceBuffer(this._mime);
    buffer.addEventListener("updateend", () => this._turn(buffer));
    this._buffer = buffer;
    this._turn(buffer);
  }

  _forget() {
    if (this._url) URL.revokeObjectURL(this._url);
    this._url = this._source = this._buffer = null;
    this._queue = [];
    this._times = [];
    this._keyframes = [];
    this._broken = true; // until the next keyframe
    this._failed = this._begun = false;
    this._newest = this._jumped = this._paced = -Infinity;
    this._least = Infinity;
    this._late = false;
    this._holds = [];
    this._jumps = 0;
    this.element.playbackRate = 1;
  }

  _take(header, bytes) {
    const time = (header.pts - this._init.zero) / 1e9;
    this._broken = false;
    if (header.keyframe) this._keyframes.push(time);
    this._times.push({ time, pts: header.pts, came: performance.now() });
    if (this._times.length > TIMES) this._times.shift();
    this._newest = Math.max(this._newest, time);
    this._least = Math.min(this._least, time - this.element.currentTime);
    this._queue.push(bytes);
    if (this._buffer) this._turn(this._buffer);
  }

  /** Hand over what waits. */
  _turn(buffer) {
    if (buffer !== this._buffer || buffer.updating || this._source.readyState !== "open") return;
    try {
      if (this._queue.length) buffer.appendBuffer(joined(this._queue.splice(0)));
      else this._trim(buffer);
      if (!buffer.updating) this._follow();
    } catch (error) {
      console.debug("the browser takes no more of this stream", error);
      this._fail();
    }
  }

  /** Let go of what was shown, up to a keyframe: a browser removes all that is coded from it. */
  _trim(buffer) {
    const shown = this.element.currentTime - KEPT_S;
    const last = this._keyframes.findLastIndex((time) => time < shown);
    if (last < 1) return;
    buffer.remove(0, this._keyframes[last] - SAME_S);
    this._keyframes.splice(0, last);
  }

  /** See whether the clock is right; all that came was handed over. */
  _follow() {
    const { element } = this;
    const { buffered } = element;
    if (!buffered.length) return;
    if (!this._begun) {
      this._begun = true;
      this._jump();
      element.play().then(
        () => this._trouble === "autoplay" && this._tell(null),
        (error) => error.name === "NotAllowedError" && this._wantClick(),
      );
      return;
    }
    const now = performance.now() / 1000;
    if (element.seeking) {
      // Where a browser took what came for a break, it may have passed over the place to jump to.
      if (element.currentTime < buffered.start(buffered.length - 1)) this._jump();
      return;
    }
    if (now - this._paced < PACED_S) return;
    const early = this._least - this._early;
    if (early > JUMP_S && this._mayJump(now - this._jumped)) this._jump();
    else if (Number.isFinite(early)) this._pace(early);
    if (this._late) this._early = Math.max(this._early, Math.min(MOST_EARLY_S, this._early + LATE_S));
    else this._early = Math.max(EARLY_S, this._early * CALM);
    this._late = false;
    this._paced = now;
    this._least = Infinity;
  }

  _mayJump(since) {
    const keyframe = this._newest - this._keyframes.at(-1) < JUMP_S;
    return since > JUMP_EVERY_S && (since > SELDOM_S || keyframe || this._jumps === 1);
  }

  _pace(early) {
    const rate = Math.abs(early) < EVEN_S ? 1 : Math.min(FASTEST, Math.max(SLOWEST, 1 + early));
    if (this.element.playbackRate !== rate) this.element.playbackRate = rate;
  }

  _jump() {
    const { buffered } = this.element;
    const last = buffered.length - 1;
    const newest = Math.min(this._newest - this._early, buffered.end(last) - SAME_S);
    this.element.currentTime = Math.max(buffered.start(last), newest);
    this.element.playbackRate = 1;
  }

  _jumpedTo() {
    this._jumps += 1;
    this._jumped = this._paced = performance.now() / 1000;
    this._least = Infinity;
    this._late = false;
  }

  /** It stands still: a picture came too late, or has long been there and the decoder holds it. */
  _starved() {
    const { currentTime, seeking } = this.element;
    if (!this._begun || seeking) return;
    const ahead = this._newest - currentTime;
    const long = performance.now() - LONG_MS;
    const held = this._times.some((each) => each.came < long && each.time > currentTime + EVEN_S);
    const counted = this._late; // once in a while: where it stands still, it says so again and again
    this._late = true;
    if (counted || !held || ahead > MOST_HELD_S) return;
    this._holds = [...this._holds.slice(1 - HELD_TIMES), ahead];
    if (this._holds.length === HELD_TIMES) this._early = Math.max(this._early, Math.min(...this._holds) + HELD_S);
  }

  _fail() {
    if (this._closed || !this._source) return;
    console.debug("the picture begins anew", this.element.error);
    this._forget();
    this._failed = true;
    this._errors += 1;
    if (this._errors >= MOST_ERRORS) this._tell("decode");
  }

  _wantClick() {
    this._tell("autoplay");
    const again = () => this.element.play().then(() => this._tell(null), () => {});
    addEventListener("pointerdown", again, { once: true });
  }

  _tell(trouble) {
    if (trouble !== this._trouble) this._ontrouble(trouble);
    this._trouble = trouble;
  }

  _listen() {
    if (this._closed) return;
    if ("requestVideoFrameCallback" in this.element) {
      this.element.requestVideoFrameCallback((_, frame) => this._listened(frame.mediaTime));
    } else {
      requestAnimationFrame(() => this._listened(this.element.currentTime));
    }
  }

  _listened(mediaTime) {
    this._listen();
    const shown = nearest(this._times, mediaTime);
    if (!shown || shown.pts === this._shown) return;
    this._shown = shown.pts;
    this._errors = 0;
    if (this._trouble === "decode") this._tell(null);
    this._onframe(this._init.epoch, shown.pts);
  }
}

/**
 * The picture of a media time, which browsers round to microseconds; where they tell only the
 * clock's time, the last one before it.
 * @param {Array<{time: number, pts: number, came: number}>} times
 * @param {number} mediaTime
 */
function nearest(times, mediaTime) {
  let found = null;
  for (const each of times) {
    const late = mediaTime + SAME_S - each.time;
    if (late >= 0 && (!found || each.time > found.time)) found = each;
  }
  return found;
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
