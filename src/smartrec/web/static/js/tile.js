/** One camera of the wall: its picture with what lies upon it, and its name and state below. */

import { Shield } from "./arming.js";
import { Boxes } from "./boxes.js";
import { fresh } from "./cameras.js";
import { make, mark, write } from "./dom.js";
import { Looks } from "./looks.js";
import { Outlines } from "./outlines.js";
import { Picture } from "./picture.js";
import { running, say, slate, words } from "./strings.js";
import { Video } from "./video.js";

const RATE_MS = 2_000;
const TONES = { live: "good", silent: "warn", lost: "warn", unseen: "warn" };

export class Tile {
  /**
   * @param {import("./cameras.js").Camera} camera
   * @param {Object} asked
   * @param {() => void} asked.open Show it alone, or all again.
   * @param {() => void} asked.record Start or stop its recording.
   * @param {() => void} asked.arm Arm or disarm it.
   */
  constructor(camera, asked) {
    this.camera = camera;
    this.seen = true;
    this.threshold = 0.5;
    this._looks = new Looks();
    this._at = null;
    this._last = null;
    this._here = { count: 0, since: performance.now(), fps: null };
    this._build(asked);
    const drawn = (epoch, pts) => this._drawn(epoch, pts);
    this._picture = new Picture(this._frame, drawn);
    this._boxes = new Boxes(this._layer);
    this._outlines = new Outlines(this._lines);
    /** Whether zones are drawn upon the picture. */
    this.outlined = false;
    this._video = new Video(this._pane, this._frame, drawn);
  }

  _build(asked) {
    this._frame = make("canvas", { class: "frame", role: "img" });
    this._lines = make("canvas", { class: "boxes outlines", "aria-hidden": "true" });
    this._layer = make("canvas", { class: "boxes", "aria-hidden": "true" });
    this._running = make("span");
    this._before = make("span", { class: "before" });
    this._rec = make("p", { class: "plate rec", hidden: true }, make("i", { class: "lamp" }), this._running, this._before);
    this._title = make("strong");
    this._reason = make("span");
    this._hint = make("span", { class: "hint" });
    this._since = make("span", { class: "since" });
    this._slate = make("div", { class: "slate" }, this._title, this._reason, this._hint, this._since);
    this._open = make("button", { class: "open", type: "button" });
    this._open.addEventListener("click", asked.open);
    this._plate = make("p", { class: "plate name", "aria-hidden": "true" });
    const disarmed = make("p", { class: "plate disarmed", hidden: true }, make("span"), make("span", { class: "more" }));
    this._pane = make("div", { class: "picture" }, this._frame, this._lines, this._layer, this._slate, this._plate, disarmed, this._rec, this._open);
    this._name = make("h2");
    this._phase = make("span");
    this._state = make("p", { class: "state" }, make("i", { class: "dot" }), this._phase);
    this._fps = make("span", { class: "fps" });
    this._mini = make("button", { class: "mini", type: "button", "data-needs": "record" }, make("i", { class: "lamp" }));
    this._mini.addEventListener("click", asked.record);
    const shield = make("button", { class: "mini shield", type: "button", "data-needs": "record", hidden: true });
    shield.addEventListener("click", asked.arm);
    this._shield = new Shield(shield, disarmed);
    const caption = make("div", { class: "caption" }, this._name, this._state, this._fps, shield, this._mini);
    this.element = make("article", { class: "tile", "data-camera": this.camera.id }, this._pane, caption);
  }

  /** @returns {number} Width over height of the upright picture. */
  get shape() {
    const { width = 16, height = 9, rotate = 0 } = this.camera.format ?? {};
    const shape = rotate % 180 ? height / width : width / height;
    return Number.isFinite(shape) && shape > 0 ? Math.min(Math.max(shape, 0.3), 4) : 16 / 9;
  }

  /** @param {Object} format The message. */
  format(format) {
    this.camera.format = format;
    this._looks.clear();
    this._picture.format = format;
    if (format.codec === "jpeg") this._video.end();
    else this._video.begin(format);
  }

  /**
   * @param {import("./link.js").Header} header
   * @param {Uint8Array} bytes
   */
  push(header, bytes) {
    this.camera.pictured();
    if (header.kind === 0) this._picture.push(header, bytes);
    else this._video.push(header, bytes);
  }

  /** @param {Object} look The message. */
  look(look) {
    this._looks.take(look);
    if (this._at) this._box();
  }

  /** Forget the boxes: what they were found in is long gone. */
  forget() {
    this._looks.clear();
    this._boxes.draw([]);
    this._at = null;
  }

  /**
   * @param {import("./arrange.js").Place} place
   * @param {number} caption Height of what stands below the picture, CSS pixels.
   */
  put(place, caption) {
    const style = this.element.style;
    for (const side of ["left", "top", "width", "height"]) style[side] = `${place[side]}px`;
    const dense = devicePixelRatio;
    const size = [place.width, place.height - caption].map((side) => Math.round(side * dense));
    if (String(size) === this._size) return;
    this._size = String(size);
    this._picture.resize(...size);
    this._boxes.resize(...size, dense);
    this._outlines.resize(...size, dense);
    if (this._at) this._box();
  }

  /** Let go of everything; it shows nothing any more. */
  close() {
    this._video.end();
    this._picture.clear();
  }

  _drawn(epoch, pts) {
    this._at = { epoch, pts };
    this._last = pts;
    this._here.count += 1;
    this._box();
  }

  _box() {
    const shown = this._looks.at(this._at.epoch, this._at.pts, this.threshold);
    this._boxes.draw(shown);
    const label = say.picture(this.camera.name, shown.length);
    if (label !== this._label) mark(this._frame, "aria-label", (this._label = label));
  }

  /**
   * Say how it stands.
   * @param {import("./clock.js").ServerClock} clock
   * @param {Object} page
   * @param {boolean} page.away Nothing is known of the recorder.
   * @param {boolean} page.alone Whether it is the one shown of several.
   * @param {boolean} page.only Whether the recorder has no other.
   */
  say(clock, page) {
    const { camera } = this;
    write(this._name, camera.name);
    write(this._plate, camera.name);
    write(this._phase, page.away ? slate.away : say.phase(camera.stands));
    mark(this._state, "data-tone", page.away ? "" : TONES[camera.stands] ?? "");
    write(this._fps, camera.phase === "live" && !page.away && fresh(camera, clock.now()) ? this._rate() : "");
    this.element.classList.toggle("only", page.only);
    mark(this._open, "aria-label", page.alone ? words.all : say.showAlone(camera.name));
    mark(this._frame, "aria-label", this._label ?? say.picture(camera.name, 0));
    this._sayRecording(clock, page.away ? null : camera.oldestClip);
    this._shield.say(camera, page.away);
    this._outlines.show(this.outlined ? camera.zones : []);
    this._slate.classList.toggle("veil", page.away && this._still());
    if (page.away) this._sayAway(clock);
    else this._saySlate(clock);
  }

  /** Whether there is a picture that stands still. */
  _still() {
    return this.camera.phase === "live" && this._last !== null;
  }

  _sayAway(clock) {
    if (this._at) this.forget();
    this._slate.hidden = false;
    write(this._title, slate.away);
    write(this._reason, this._still() ? slate.still(clock.wallOf(this._last / 1e6)) : "");
    write(this._hint, "");
    write(this._since, "");
    mark(this._slate, "data-tone", "");
  }

  _sayRecording(clock, clip) {
    mark(this.element, "data-recording", clip ? "" : null);
    this._rec.hidden = !clip;
    mark(this._mini, "aria-label", clip ? say.stopOne(this.camera.name) : say.recordOne(this.camera.name));
    mark(this._mini, "title", this._mini.getAttribute("aria-label"));
    mark(this._mini, "data-stop", clip ? "" : null);
    if (!clip) return;
    write(this._running, `${words.rec} ${running((clock.now() - clip.since) / 1000)}`);
    const left = clip.ends ? say.left(Math.max(0, (clip.ends - clock.now()) / 1000)) : "";
    write(this._before, [clip.before ? say.before(clip.before) : "", left].filter(Boolean).join(", "));
  }

  _saySlate(clock) {
    const { camera } = this;
    const { refusal } = this._video;
    const shows = camera.phase === "live" && this._at && !refusal;
    this._slate.hidden = Boolean(shows);
    if (camera.phase !== "live" && this._at) this.forget();
    if (shows) return;
    const phase = camera.phase === "live" ? "waiting" : camera.stands;
    write(this._title, refusal?.[0] ?? slate[phase] ?? phase);
    write(this._reason, refusal ? "" : camera.reason);
    write(this._hint, refusal?.[1] ?? camera.hint);
    const since = camera.since !== null && TONES[phase] === "warn";
    write(this._since, since ? say.since(clock.wallOf(camera.since)) : "");
    mark(this._slate, "data-tone", TONES[refusal ? "lost" : phase] ?? "");
  }

  /** What the camera gives; and what of it is shown here, where that is clearly less. */
  _rate() {
    const { fps } = this.camera;
    const here = this._here;
    const passed = performance.now() - here.since;
    if (passed >= RATE_MS) Object.assign(here, { fps: (here.count * 1000) / passed, count: 0, since: performance.now() });
    const less = here.fps !== null && here.fps > 0 && here.fps < 0.7 * fps;
    return less ? say.fpsHere(fps, here.fps) : say.fps(fps);
  }
}
