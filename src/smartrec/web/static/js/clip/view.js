/** One clip: played, explained, proved, kept or deleted. */

import { make, memory } from "../dom.js";
import { Acts } from "./acts.js";
import { Controls } from "./controls.js";
import { Proof, Why } from "./facts.js";
import { Head } from "./head.js";
import { Note } from "./note.js";
import { partsOf } from "./parts.js";
import { SPEEDS } from "./player.js";
import { Projector } from "./projector.js";
import { Screen } from "./screen.js";
import { Scrub } from "./scrub.js";
import { keyHelp, slate, tell, words } from "./strings.js";
import { tell as shareWords } from "../session/strings.js";

const SECOND = 1000;
const OFTEN_MS = 1_500;
const SELDOM_MS = 10_000;
const HEARD_MS = 60;
const USUAL_SCORE = 0.5;
const OF_CLIPS = /^clip\./;
const ELSEWHERE = new Set(["[", "]", "Esc"]); // keys that lead away

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} parameters `query` has the filters of the list one came
 *   from, and perhaps `at`: seconds from the first picture.
 * @param {import("../route.js").Context} context
 * @returns {import("../route.js").View}
 */
export function mount(root, parameters, context) {
  return new ClipView(root, parameters, context);
}

class ClipView {
  constructor(root, { id, query }, context) {
    this._id = id;
    this._context = context;
    this._at = Number(query.get("at") ?? Number.NaN);
    this._shared = context.shared();
    this._filters = new URLSearchParams([...query].filter(([name]) => name !== "at"));
    this._detail = null;
    this._loads = 0;
    this._least = USUAL_SCORE;
    this._boxes = memory.get("clip.boxes") !== "off";
    this._ended = new AbortController();
    /** Of the document. */
    this.title = words.clip;
    this._build(root);
    this._deaf = context.link.listen((kind, data) => this._heard(kind, data));
    this._seen = () => document.hidden || this._load();
    document.addEventListener("visibilitychange", this._seen);
    this._held = (event) => (this._repeated = event.repeat);
    document.addEventListener("keydown", this._held, true);
    this._screen.say(slate.loading());
    this._load();
    this._believe();
  }

  _build(root) {
    const { _context: context, _id: id } = this;
    const ends = this._shared?.ends;
    this._head = new Head(this._addressOf("events"), this._shared && (ends ? shareWords.linkEnds(ends) : ""));
    this._screen = new Screen({ pressed: () => this._toggle(), filled: () => this._say() });
    this._projector = new Projector(id, context.api, this._screen, {
      drawn: () => this._drawn(),
      changed: () => this._say(),
      grown: () => this._lay(),
      failed: () => this._load(),
    });
    this._scrub = new Scrub({
      begin: (time) => this._drag(time, true),
      move: (time) => this._drag(time, false),
      end: () => this._drop(),
      score: (time) => this._projector.seen.score(time),
    });
    this._controls = new Controls({
      play: () => this._toggle(),
      backward: () => this._toggle(-1),
      back: () => this._step(-1),
      on: () => this._step(1),
      speed: (speed) => (this._projector.speed = speed),
      boxes: () => this._toggleBoxes(),
      sound: () => this._toggleSound(),
      full: () => this._screen.toggleFull(),
    });
    this._acts = new Acts(id, context, (brief) => this._changed(brief));
    this._why = new Why((time) => this._go(time));
    this._proof = new Proof(() => context.announce(words.copied));
    this._note = new Note((text) => this._write(text), (text) => this._writeAndLeave(text));
    this._deck = make("div", { class: "deck" }, this._scrub.element, this._controls.element);
    this._screen.element.prepend(this._head.element);
    this._screen.element.append(this._deck);
    this._facts = make("div", { class: "facts", tabindex: "0", role: "region", "aria-label": words.details }, this._acts.element, this._why.element, ...(this._shared ? [] : [this._note.element]), this._proof.element);
    this._facts.hidden = true;
    root.append(make("div", { class: "clip" }, this._screen.element, this._facts));
    this._say();
  }

  /** @returns {import("../keys.js").Keys} */
  get keys() {
    const faster = (by) => () => this._faster(by);
    return {
      help: this._shared ? keyHelp.filter(([keys]) => !ELSEWHERE.has(keys[0])) : keyHelp,
      repeat: new Set([",", ".", "ArrowLeft", "ArrowRight"]),
      acts: {
        " ": () => this._toggle(),
        k: () => this._projector.pause(),
        j: () => this._shuttle(-1),
        l: () => this._shuttle(1),
        ",": () => this._step(-1),
        ".": () => this._step(1),
        "<": faster(-1),
        ">": faster(1),
        ArrowLeft: () => this._by(-SECOND),
        ArrowRight: () => this._by(SECOND),
        Home: () => this._go(0),
        End: () => this._go(Infinity),
        e: () => this._go(this._parts?.event ?? 0),
        b: () => this._toggleBoxes(),
        m: () => this._toggleSound(),
        f: () => this._screen.toggleFull(),
        "[": () => this._other(this._detail?.older),
        "]": () => this._other(this._detail?.newer),
        Escape: () => (this._screen.full ? this._screen.toggleFull() : this._shared || this._context.go(this._addressOf("events"))),
      },
    };
  }

  /** Let go of everything. */
  unmount() {
    this._ended.abort();
    clearTimeout(this._timer);
    this._deaf();
    document.removeEventListener("visibilitychange", this._seen);
    document.removeEventListener("keydown", this._held, true);
    this._acts.close();
    this._note.close();
    this._scrub.close();
    this._projector.close();
    this._screen.close();
  }

  _addressOf(where) {
    const query = String(this._filters);
    return `#${where}${query ? `?${query}` : ""}`;
  }

  /** The way to all others, where there is one. */
  get _ways() {
    return this._shared ? [] : [{ label: words.toEvents, href: this._addressOf("events") }];
  }

  _other(id) {
    if (id && !this._shared) this._context.go(this._addressOf(`clip/${encodeURIComponent(id)}`));
  }

  /** What happened anywhere: of this clip, it is looked at anew. */
  _heard(kind, data) {
    if (kind === "hello") this._projector.retry();
    else if (!OF_CLIPS.test(kind) || data.clip_id !== this._id) return;
    this._soon(HEARD_MS);
  }

  _soon(milliseconds) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._load(), milliseconds);
  }

  /** Ask how the clip is; and again after a while, for others may change it. */
  async _load() {
    if (this._ended.signal.aborted) return;
    clearTimeout(this._timer);
    const load = ++this._loads;
    try {
      const detail = await this._context.api.get(`clips/${encodeURIComponent(this._id)}`, this._filters, this._ended.signal);
      if (load !== this._loads) return; // something happened since it was asked
      this._show(detail);
      this._soon(detail.open ? OFTEN_MS : SELDOM_MS);
    } catch (error) {
      if (load === this._loads && !this._ended.signal.aborted) this._missing(error);
    }
  }

  _missing(error) {
    if (error.status === 404 || error.status === 422) {
      this._projector.remove();
      this._facts.hidden = this._deck.hidden = true;
      this._screen.say(this._detail ? slate.deleted() : slate.missing(), this._ways);
      this._say();
      return;
    }
    console.debug("nothing is known of the clip", error);
    if (!this._detail) {
      const told = error instanceof this._context.api.Refused ? slate.refused(error.message, error.hint ?? "") : slate.away();
      this._screen.say(told, [{ label: words.again, act: () => this._load() }]);
    }
    this._soon(OFTEN_MS);
  }

  /** From which score on somebody counts, where no trigger says it. */
  async _believe() {
    if (this._shared) return;
    try {
      const { watch } = await this._context.api.status();
      if (typeof watch?.min_confidence === "number") this._usual = watch.min_confidence;
    } catch (error) {
      console.debug("no status", error); // a clip can be looked at without a recorder
    }
    if (this._detail) this._show(this._detail);
  }

  /** The answer to a change has no more than a brief. */
  _changed(brief) {
    if (this._ended.signal.aborted || !this._detail) return;
    this._loads += 1; // what is on its way is from before
    this._show({ ...this._detail, ...brief });
    this._soon(HEARD_MS);
  }

  _show(detail) {
    this._detail = detail;
    this.title = tell.title(detail.camera_name, new Date(detail.start_ms));
    const least = detail.triggers.map((each) => each.why?.min_confidence).filter((each) => typeof each === "number");
    this._least = least.length ? Math.min(...least) : this._usual ?? USUAL_SCORE;
    this._facts.hidden = this._deck.hidden = false;
    this._head.show(detail, (id) => this._addressOf(`clip/${encodeURIComponent(id)}`));
    this._acts.show(detail);
    this._why.show(detail);
    this._proof.show(detail);
    this._note.show(detail.note, detail.trashed_ms === null && this._context.may("record"));
    this._projector.show(detail, this._at);
    this._lay();
    this._say();
  }

  _lay() {
    const detail = this._detail;
    const { times, seen } = this._projector;
    const duration = times.duration || SECOND * (detail.duration_s ?? 0);
    this._parts = partsOf(detail.triggers, duration, detail.open);
    this._scrub.lay(duration, this._parts, detail.triggers);
    this._scrub.curve(seen, this._least);
    this._drawn();
  }

  /** A picture is on the screen: say which, and put the boxes on it. */
  _drawn() {
    const { player, times, seen } = this._projector;
    const index = player?.shown ?? -1;
    if (index < 0 || !this._detail) return;
    const at = times.at[index];
    const shown = this._boxes ? seen.boxes(at, this._least) : [];
    this._screen.boxes(shown);
    this._controls.at(new Date(this._detail.start_ms + at), at, times.duration, index, times.count);
    if (this._dragged === undefined) this._scrub.at(at, tell.position(index, times.count, at, this._partAt(at)));
    if (!player.direction) this._screen.name(tell.pictureOf(this._detail.camera_name, new Date(this._detail.start_ms + at), seen.boxes(at, this._least).length));
  }

  _partAt(at) {
    if (!this._parts) return "";
    const name = at < this._parts.event ? words.before : at <= this._parts.after ? words.event : words.after;
    return name.toLowerCase();
  }

  _say() {
    const { player, seen } = this._projector;
    const detail = this._detail;
    this._controls.say(player, {
      boxes: this._boxes,
      looked: seen.best !== null,
      sounds: typeof detail?.proof.silent_s === "number",
      muted: this._projector.muted,
      full: this._screen.full,
    });
    this._screen.mark({ waiting: Boolean(player?.waiting) && !detail?.open, recording: detail?.state === "recording" });
    if (!detail) return;
    const said = this._slate(detail);
    this._screen.say(said?.[0] ?? null, said?.[1], (player?.shown ?? -1) >= 0);
    this._drawn();
  }

  /** @returns {?[[string, string], Object[]]} What stands in the place of the picture; null: the picture. */
  _slate(detail) {
    const { trouble, refusal, player } = this._projector;
    if (detail.trashed_ms !== null) {
      const back = this._context.may("admin") ? [{ label: words.restore, act: () => this._acts.restore() }] : [];
      return [slate.trashed(), [...back, ...this._ways]];
    }
    const again = [{ label: words.again, act: () => this._projector.retry() }];
    if (trouble === "network") return [slate.away(), again];
    if (trouble === "refused") return [slate.refused(...refusal), again];
    if (trouble) return [slate[trouble](), []];
    if (detail.media === null) return [unseen(detail), []];
    return player && player.shown >= 0 ? null : [slate.loading(), []];
  }

  _toggle(direction = 1) {
    const { player } = this._projector;
    if (player?.direction === direction) player.pause();
    else player?.play(direction);
  }

  /** J and L: play, and faster with each press. */
  _shuttle(direction) {
    const { player } = this._projector;
    if (!player) return;
    if (player.direction === direction) this._faster(1);
    else {
      if (player.direction) this._projector.speed = 1;
      player.play(direction);
    }
  }

  _faster(by) {
    const now = SPEEDS.indexOf(this._projector.speed);
    this._projector.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, now + by))];
  }

  /** A key that is held goes on by pictures that were seen; each press by itself counts. */
  _step(by) {
    const { player } = this._projector;
    if (player && !(this._repeated && player.busy)) player.step(by);
  }

  _by(milliseconds) {
    const { player, times } = this._projector;
    if (player && player.shown >= 0 && !(this._repeated && player.busy)) this._go(times.at[player.wished] + milliseconds);
  }

  _go(time) {
    const { player, times } = this._projector;
    // A moment is that of a picture, but for what is rounded.
    player?.seek(time === Infinity ? times.last : times.nearest(Math.max(0, time)));
  }

  _drag(time, begins) {
    const { player, times } = this._projector;
    if (!player) return;
    if (begins) this._playedOn = player.direction;
    player.pause();
    this._dragged = time;
    const index = times.showing(time);
    this._scrub.at(time, tell.position(index, times.count, times.at[index], this._partAt(time)));
    player.seek(index);
  }

  _drop() {
    this._dragged = undefined;
    const { player } = this._projector;
    if (player && this._playedOn) player.play(this._playedOn);
    this._playedOn = 0;
    this._drawn();
  }

  _toggleBoxes() {
    this._boxes = !this._boxes;
    memory.set("clip.boxes", this._boxes ? "on" : "off");
    this._say();
  }

  _toggleSound() {
    this._projector.muted = !this._projector.muted;
    this._say();
  }

  async _write(text) {
    const brief = await this._context.api.send("PATCH", `clips/${encodeURIComponent(this._id)}`, { note: text });
    if (this._detail) this._detail = { ...this._detail, ...brief };
    this._loads += 1; // what is on its way is from before
    this._soon(HEARD_MS);
  }

  _writeAndLeave(text) {
    const body = JSON.stringify({ note: text });
    const headers = { "Content-Type": "application/json" };
    fetch(this._context.api.at(`clips/${encodeURIComponent(this._id)}`), { method: "PATCH", headers, body, keepalive: true }).catch((error) =>
      console.debug("the note was not saved", error),
    );
  }
}

/** Why there is no picture. */
function unseen(detail) {
  if (detail.state === "failed") return slate.failed(detail.error);
  return detail.open || !detail.problem ? slate.nothing() : slate.unseen(detail.problem);
}
