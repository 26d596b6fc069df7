/** The page: brings the parts together. What is live stays while another view is shown. */

import * as api from "./api.js";
import { Arming } from "./arming.js";
import { Cameras } from "./cameras.js";
import { ServerClock } from "./clock.js";
import { byId, mark, write } from "./dom.js";
import { Feed } from "./feed.js";
import { listen } from "./keys.js";
import { Link } from "./link.js";
import { Notices } from "./notices.js";
import { Record } from "./record.js";
import { Router } from "./route.js";
import { Entrance } from "./session/entrance.js";
import { Stage, fillWords } from "./stage.js";
import { keyHelp, link as linkWords, notices as noticeWords, say, words } from "./strings.js";
import { switchable } from "./theme.js";

const GRACE_MS = 1_500;
const SETTLED_MS = 2_500;
const KNOWN = 200; // facts, by their ids
const NO_KEYS = { acts: {}, help: [] };
const KIND = /^smartrec\.(.+)\.v1$/;

class App {
  constructor() {
    this._clock = new ServerClock();
    this._cameras = new Cameras();
    this._notices = new Notices();
    this._feed = new Feed((id) => this._cameras.nameOf(id), (text) => write(byId("announce"), text));
    this._connected = false;
    this._lostAt = performance.now();
    this._version = null;
    this._state = null;
    this._why = null;
    this._seq = null;
    this._missed = 0;
    this._told = 0;
    this._known = new Set();
    this._greetedAt = 0;
    this._away = null;
    // Which of several recorders this is; its own machine needs no name.
    this._station = /^(localhost|127\.|\[::1\])/.test(location.hostname) ? "" : location.hostname;
    this._link = new Link({
      message: (message) => this._message(message),
      picture: (header, bytes) => this._tile(header.camera)?.push(header, bytes),
      state: (state, seconds) => this._linked(state, seconds),
    });
    this._stage = new Stage(this._cameras, {
      changed: () => this._say(),
      watch: (cameras) => this._watch(cameras),
      record: (camera) => this._record.toggle(camera),
      arm: (camera) => this._arming.toggle(camera),
    });
    this._record = new Record(this._cameras, this._stage);
    this._arming = new Arming(this._record);
    this._entrance = new Entrance({
      link: this._link,
      show: () => this._show(),
      hide: () => this._hide(),
      changed: () => this._say(),
      only: (clip) => this._only(clip),
    });
    /** @type {Set<(kind: string, data: Object, moment: Date) => void>} */
    this._listeners = new Set();
    /** @type {?import("./tile.js").Tile} Of another view, in the place of all of the live one. */
    this._apart = null;
    document.addEventListener("visibilitychange", () => this._apart && this._watch([]));
    this._router = new Router(byId("view"), { shown: (name, view) => this._shown(name, view), failed: (error) => this._partial(error) }, this._context());
  }

  /** @returns {import("./route.js").Context} */
  _context() {
    return {
      api,
      clock: this._clock,
      notices: this._notices,
      cameras: () => this._cameras.all,
      may: (scope) => this._entrance.may(scope),
      shared: () => this._entrance.shared && { ends: this._entrance.ends },
      announce: (text) => write(byId("announce"), text),
      show: (tile) => this._put(tile),
      link: {
        listen: (told) => {
          this._listeners.add(told);
          return () => this._listeners.delete(told);
        },
      },
    };
  }

  /** Begin. */
  run() {
    document.documentElement.dataset.begun = "";
    fillWords();
    write(byId("station"), this._station);
    switchable();
    const keys = () => (this._live ?? this._router.asked === "live" ? this._keys : this._router.view?.keys ?? NO_KEYS);
    listen(() => (this._entrance.shut ? NO_KEYS : keys()), (scope) => this._entrance.may(scope));
    byId("skip").addEventListener("click", (event) => {
      event.preventDefault();
      byId(this._live ? "stage" : "view").focus();
    });
    setInterval(() => this._say(), 500);
    this._entrance.begin();
  }

  /** Show the page, if it is not shown yet. */
  _show() {
    if (!byId("main").hidden) return;
    byId("main").hidden = false;
    this._lostAt = performance.now();
    this._entrance.open();
    if (this._live === undefined) {
      const live = this._router.asked === "live";
      byId("live").hidden = !live; // nothing else is seen until what was asked for is there
      this._stage.open(live);
      this._router.show();
    } else byId(this._live ? "live" : "view").focus({ preventScroll: true });
  }

  /** Nothing lies upon what stands in the place of the page. */
  _hide() {
    byId("main").hidden = true;
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    if (document.fullscreenElement) document.exitFullscreen();
  }

  /** Show one clip and nothing else. */
  _only(clip) {
    this._router.only = { name: "clip", id: clip, query: new URLSearchParams() };
    this._show();
  }

  /** Keys of the live view. */
  get _keys() {
    return {
      help: keyHelp,
      acts: {
        r: () => this._entrance.may("record") && this._record.start(),
        s: () => this._entrance.may("record") && this._record.stop(),
        f: () => this._stage.toggleFull(),
        0: () => this._stage.show(null),
        Escape: () => (this._stage.alone ? this._stage.show(null) : this._stage.full && this._stage.toggleFull()),
        z: () => this._stage.toggleZones(),
        camera: (index) => this._stage.tiles[index] && this._stage.show(this._stage.tiles[index].camera.id),
      },
    };
  }

  /** Another view is shown; at first without what it shall contain. */
  _shown(name, view) {
    const before = this._live;
    this._live = name === "live";
    byId("live").hidden = !this._live;
    byId("view").hidden = this._live;
    for (const link of document.querySelectorAll("nav a")) mark(link, "aria-current", link.dataset.view.split(" ").includes(name) ? "page" : null);
    if (before !== this._live) {
      byId(this._live ? "stage" : "main").prepend(byId("notices"));
      this._stage.open(this._live);
    }
    if (view || (this._live && before === false)) byId(this._live ? "live" : "view").focus({ preventScroll: true });
    this._notices.tell("partial");
    this._say();
  }

  /** Let a tile of another view show its camera's pictures. @returns {() => void} How to end it. */
  _put(tile) {
    this._apart = tile;
    tile.threshold = this._least ?? tile.threshold;
    this._watch([]);
    return () => {
      if (this._apart !== tile) return;
      this._apart = null;
      this._watch([]);
    };
  }

  /** Nothing is sent to a page that nobody sees. */
  _watch(cameras) {
    const apart = document.hidden || !this._apart ? [] : [this._apart.camera.id];
    this._link.watch(this._apart ? apart : cameras);
  }

  /** @param {string|number} of See `Stage.tile`. */
  _tile(of) {
    if (!this._apart) return this._stage.tile(of);
    const { id, index } = this._apart.camera;
    return of === id || of === index ? this._apart : undefined;
  }

  /** A view's code did not come. */
  _partial(error) {
    console.debug("no view", error);
    if (this._live === undefined) byId("live").hidden = false;
    const button = { label: words.reload, act: () => location.reload() };
    this._notices.tell("partial", linkWords.partial, linkWords.partialMore, "", button);
  }

  _message(message) {
    const tile = message.camera && this._tile(message.camera);
    if (message.type === "hello") this._greet(message);
    else if (message.type === "clock") this._clock.greet(message.now);
    else if (message.type === "event") this._event(message.event);
    else if (message.type === "cameras") this._others(message);
    else if (message.type === "clip") this._tell("clip.changed", { clip_id: message.clip.id, clip: message.clip });
    else if (message.type === "look") tile?.look(message);
    else if (message.type === "format" && tile) {
      tile.format(message);
      if (tile === this._apart) this._tell("format", message);
      else this._stage.lay();
    }
  }

  /** @param {string} kind @param {Object} data */
  _tell(kind, data, moment = new Date()) {
    for (const told of this._listeners) told(kind, data, moment);
  }

  /** Somebody changed the settings: cameras came or went, or have other names or zones. */
  _others(message) {
    if (this._cameras.greet(message.cameras)) {
      this._stage.fill();
      this._refresh();
    }
    this._tell("cameras", message);
    this._say();
  }

  _greet(hello) {
    this._clock.greet(hello.now);
    this._greetedAt = Number(hello.now.mono_ns) / 1e6;
    if (this._cameras.greet(hello.cameras)) this._stage.fill();
    if (this._version && this._version !== hello.version) {
      const button = { label: words.reload, act: () => location.reload() };
      this._notices.tell("version", linkWords.updated(hello.version), linkWords.updatedMore, "", button);
    }
    this._version ??= hello.version;
    this._show();
    this._begun ??= performance.now();
    this._tell("hello", hello);
    this._refresh();
  }

  /** How things stand now: what happened before this page was connected was not told to it. */
  async _refresh() {
    try {
      let told, found;
      do {
        told = this._told;
        found = await api.status();
      } while (told !== this._told); // what was told meanwhile is newer than the answer
      for (const each of found.cameras) {
        this._cameras.get(each.id)?.status(each, (id) => this._clock.madeAt(id));
      }
      if (typeof found.watch?.min_confidence === "number") this._believe(found.watch.min_confidence);
      this._feed.settle((id) => this._cameras.clip(id) !== null);
      this._say();
    } catch (error) {
      console.debug("no status", error); // the pictures and events tell as well, only later
    }
    if (this._away === null) return; // said last: what happened meanwhile was told before the answer came
    this._feed.add({ tone: "good", title: linkWords.page, what: linkWords.away(this._away) }, new Date());
    this._away = null;
  }

  _believe(least) {
    this._least = least;
    for (const tile of [...this._stage.tiles, this._apart]) if (tile) tile.threshold = least;
  }

  _event(event) {
    const kind = KIND.exec(event.type)?.[1];
    if (!kind || this._knows(event, kind.endsWith(".state"))) return;
    this._count(event.smartrecseq, kind.endsWith(".state"));
    const { data } = event;
    const at = Number(data.at.mono_ns) / 1e6;
    this._cameras.get(data.camera)?.apply(kind, data, at);
    const earlier = at < this._greetedAt; // views ask for what there is when they hear of the greeting
    if (!earlier) this._tell(kind, data, new Date(event.time));
    if (kind.endsWith(".state")) return;
    this._told += 1;
    if (kind === "watch.started") this._believe(data.min_confidence);
    if (noticeWords[kind] && !(earlier && kind === "disk.low")) this._notices.tell(...noticeWords[kind](data));
    this._feed.take(kind, data, new Date(event.time), earlier);
    this._say();
  }

  /** Whether it was told before this page was connected again: whoever connects hears what happened last. */
  _knows(event, state) {
    if (state) return false;
    const known = this._known.has(event.id);
    this._known.add(event.id);
    if (this._known.size > KNOWN) this._known.delete(this._known.values().next().value);
    return known;
  }

  /**
   * Facts are numbered: what is missing was told while this page was away. A state bears the number
   * of the fact before it; those of the greeting are older than the newest fact.
   */
  _count(seq, state) {
    const begins = performance.now() - this._begun < SETTLED_MS;
    if (!begins && this._seq !== null && seq > this._seq) this._missed += seq - this._seq - (state ? 0 : 1);
    if (!state || this._seq === null || seq > this._seq) this._seq = seq;
    if (this._missed <= 0) return;
    this._feed.add({ tone: "", title: linkWords.page, what: linkWords.missed(this._missed), more: linkWords.missedMore }, new Date());
    this._missed = 0;
  }

  _linked(state, seconds) {
    const was = this._connected;
    this._connected = state === "open";
    if (was && !this._connected) this._lostAt = performance.now();
    if (!was && this._connected && this._version) this._away = (performance.now() - this._lostAt) / 1000;
    if (state === "waiting" && this._state !== state) this._probe();
    this._state = state;
    mark(byId("link"), "data-state", state);
    write(byId("link").querySelector("span"), state === "waiting" ? linkWords.waiting(seconds) : linkWords[state]);
    this._say();
  }

  /** Why there is no connection; a browser does not tell what a refused WebSocket was answered. */
  async _probe() {
    if (!(await this._entrance.ask()) || !this._entrance.inside) {
      this._why = null;
      return;
    }
    try {
      await api.status();
      this._why = [linkWords.shut, linkWords.shutMore, ""];
    } catch (error) {
      this._why = error instanceof api.Refused ? [linkWords.gone, error.message, error.hint ?? ""] : null;
    }
  }

  _say() {
    const { shared, shut } = this._entrance;
    if (shared || shut) {
      this._title(false, shut ? this._entrance.title : this._router.view?.title);
      return;
    }
    const away = !this._connected && performance.now() - this._lostAt > GRACE_MS;
    const button = { label: words.retryNow, act: () => this._link.retry() };
    if (away) this._notices.tell("link", ...(this._why ?? [linkWords.gone, linkWords.goneMore, ""]), button);
    else if (this._connected) this._notices.tell("link");
    this._stage.say(this._clock, away);
    this._apart?.say(this._clock, { away, only: true, alone: false });
    this._record.say(away);
    this._arming.say();
    const now = this._clock.now();
    this._feed.say((id) => {
      const clip = away ? null : this._cameras.clip(id);
      return clip ? (now - clip.since) / 1000 : null;
    });
    this._title(this._cameras.recording && !away, this._router.view?.title);
  }

  _title(recording, view) {
    const title = say.title(recording, view, this._station);
    if (document.title !== title) document.title = title;
  }
}

if (!("unfit" in document.documentElement.dataset)) new App().run();
