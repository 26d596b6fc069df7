/** How each camera stands, from what the recorder tells and from its status. No DOM. */

const SMOOTH = 0.3; // it counts whole pictures of a second that is not one exactly
const LIVE_FOR_MS = 2_500; // the recorder tells how a camera does once a second

/**
 * @typedef {"waiting"|"starting"|"live"|"silent"|"lost"|"ended"} Phase
 * @typedef {{name: string, kind: "include"|"exclude", polygon: [number, number][]}} Outline Of a zone; corners
 * are shares of the upright picture.
 * @typedef {{index: number, id: string, name: string, zones: Outline[]}} Told
 */

export class Camera {
  /** @param {Told} told */
  constructor(told) {
    /** @type {Outline[]} Where persons count. */
    this.zones = [];
    Object.assign(this, told);
    /** @type {Phase} */
    this.phase = "waiting";
    this.reason = "";
    this.hint = "";
    /** @type {?number} The recorder's clock, ms: since when it is in this phase, if that is known. */
    this.since = null;
    this.fps = 0;
    this.pictures = 0;
    this.format = null;
    /** @type {?boolean} Whether a person begins a clip; null while that is not known. */
    this.armed = null;
    /** @type {?Date} When the schedule changes that. */
    this.armedUntil = null;
    this.unrecorded = 0;
    /** @type {Map<string, {since: number, before: ?number, ends: (number|undefined)}>} Open clips by id. */
    this.clips = new Map();
  }

  get recording() {
    return this.clips.size > 0;
  }

  /** @returns {Phase|"unseen"} What is said of it: one that never sent a picture is not lost. */
  get stands() {
    return this.phase === "lost" && !this.pictures ? "unseen" : this.phase;
  }

  /** @returns {?{since: number, before: ?number}} The clip that has been open for longest. */
  get oldestClip() {
    let oldest = null;
    for (const clip of this.clips.values()) if (!oldest || clip.since < oldest.since) oldest = clip;
    return oldest;
  }

  /**
   * @param {Phase} phase
   * @param {?number} at
   * @param {string} [reason]
   * @param {string} [hint]
   */
  is(phase, at, reason = "", hint = "") {
    if (phase !== this.phase) this.since = at;
    Object.assign(this, { phase, reason, hint });
  }

  /**
   * @param {boolean} armed
   * @param {?string} until ISO 8601
   */
  isArmed(armed, until) {
    Object.assign(this, { armed, armedUntil: until ? new Date(until) : null });
  }

  /** A picture came. */
  pictured() {
    this.pictures ||= 1; // it tells how many each second
    if (this.phase === "waiting" || this.phase === "starting") this.is("live", null);
  }

  /**
   * @param {Object} told Of the recorder's status.
   * @param {(id: string) => number} madeAt
   */
  status(told, madeAt) {
    const phase = told.phase === "live" && told.silent ? "silent" : told.phase;
    const same = phase === this.phase;
    this.pictures = told.pictures;
    this.isArmed(told.armed, told.armed_until);
    this.unrecorded = told.unrecorded;
    this.is(phase, this.since, told.error ?? (same ? this.reason : ""), same ? this.hint : "");
    const open = new Set(told.recording);
    for (const id of this.clips.keys()) if (!open.has(id)) this.clips.delete(id);
    for (const id of open) if (!this.clips.has(id)) this.clips.set(id, { since: madeAt(id), before: null });
  }

  /**
   * @param {string} kind Middle of the event's type.
   * @param {Object} data
   * @param {number} at The recorder's clock, ms.
   */
  apply(kind, data, at) {
    if (kind.startsWith("clip.")) this._clipsAt = at;
    HANDLERS[kind]?.(this, data, at);
  }
}

const HANDLERS = {
  "camera.started": (camera, d, at) => camera.is("live", at),
  "camera.back": (camera, d, at) => camera.is("live", at),
  "camera.silent": (camera, d, at) => camera.is("silent", at - d.quiet_s * 1000),
  "camera.lost": (camera, d, at) => camera.is("lost", camera.phase === "lost" ? camera.since : at, d.reason, d.hint),
  "camera.state": (camera, d, at) => {
    camera.fps = d.capturing && camera.fps ? camera.fps + (d.fps - camera.fps) * SMOOTH : d.fps;
    camera.heard = at;
    camera.pictures = d.pictures;
    if (d.capturing && camera.phase !== "live") camera.is("live", at);
    else if (!d.capturing && camera.phase === "live") camera.is("silent", at);
  },
  "arming.changed": (camera, d) => camera.isArmed(d.armed, d.until),
  "detection.state": (camera, d) => {
    camera.unrecorded = d.unrecorded;
  },
  "clip.opened": (camera, d, at) => camera.clips.set(d.clip_id, { since: at, before: d.part > 1 ? null : d.pre_roll_s }),
  "clip.extended": (camera, d, at) => {
    const clip = camera.clips.get(d.clip_id);
    if (clip) clip.ends = at + d.remaining_s * 1000;
  },
  "clip.closed": (camera, d) => camera.clips.delete(d.clip_id),
  "clip.failed": (camera, d) => camera.clips.delete(d.clip_id),
  "recording.state": (camera, d, at) => {
    if (at < camera._clipsAt) return; // facts overtake states
    if (d.clip_id === null) camera.clips.clear();
    else {
      const clip = camera.clips.get(d.clip_id) ?? { since: at - d.elapsed_s * 1000, before: null };
      camera.clips.set(d.clip_id, Object.assign(clip, { ends: at + d.remaining_s * 1000 }));
    }
  },
};

export class Cameras {
  constructor() {
    /** @type {Camera[]} In the order of the keys 1 to 9. */
    this.all = [];
  }

  /**
   * The recorder's cameras; those that were there before keep what is known of them.
   * @param {Told[]} told
   * @returns {boolean} Whether they are others than before; one may have another name or other zones all the same.
   */
  greet(told) {
    const before = this.all;
    this.all = told.map((each, index) => Object.assign(this.get(each.id) ?? new Camera(each), { index }, each));
    return before.length !== this.all.length || before.some((camera, i) => camera !== this.all[i]);
  }

  /** @param {string} id @returns {Camera|undefined} */
  get(id) {
    return this.all.find((camera) => camera.id === id);
  }

  /** @param {string} id */
  nameOf(id) {
    return this.get(id)?.name ?? id;
  }

  /** @param {string} id @returns {?{since: number, before: ?number}} Of a clip that is open. */
  clip(id) {
    return this.all.map((camera) => camera.clips.get(id)).find(Boolean) ?? null;
  }

  /** Whether anything is recorded. */
  get recording() {
    return this.all.some((camera) => camera.recording);
  }
}

/**
 * Whether the number of pictures a second is still true.
 * @param {Camera} camera
 * @param {number} now The recorder's clock, ms.
 */
export const fresh = (camera, now) => now - (camera.heard ?? -Infinity) < LIVE_FOR_MS;
