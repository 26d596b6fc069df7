/** What happens, newest first: a line for each fact, and one for each clip that moves on with its life. */

import { byId, make, mark, write } from "./dom.js";
import { clip as clipWords, dayOf, fullTimeOf, say, timeOf, told } from "./strings.js";

const KEPT = 200;
const SAME_MS = 60_000;

/**
 * @typedef {{tone: string, title: string, what: string, more?: string}} Words
 */

export class Feed {
  /**
   * @param {(id: string) => string} nameOf A camera's.
   * @param {(text: string) => void} announce To those who do not see the list.
   */
  constructor(nameOf, announce) {
    this._nameOf = nameOf;
    this._announce = announce;
    this._list = byId("entries");
    this._clips = new Map();
    this._newest = null;
    this._quiet = false;
    this._day = null;
    write(byId("nothing"), say.nothingYet(new Date()));
  }

  /**
   * @param {string} kind Middle of the event's type.
   * @param {Object} data
   * @param {Date} moment
   * @param {boolean} earlier It happened before this page was connected: nothing to call out.
   */
  take(kind, data, moment, earlier) {
    const [noun, verb] = kind.split(".");
    this._quiet = earlier;
    if (noun === "clip" && CLIP[verb]) this._clip(verb, data, moment);
    else if (told[kind]) {
      const name = this._nameOf(data.camera);
      const words = { title: name, ...told[kind](data) };
      this.add(words, moment, `${kind} ${data.camera ?? ""}`);
      if (SPOKEN.has(kind)) this._call(`${words.title}: ${words.what}`);
    }
  }

  /**
   * Add a line; one that says the same as the newest is counted instead.
   * @param {Words} words
   * @param {Date} moment
   * @param {string} [sort] What is the same.
   */
  add(words, moment, sort = "") {
    const newest = this._newest;
    if (sort && newest?.sort === sort && moment - newest.moment < SAME_MS) {
      newest.times += 1;
      newest.moment = moment;
      this._fill(newest, { ...words, what: `${words.what} (×${newest.times})` }, moment);
      return newest;
    }
    const entry = this._new(moment);
    entry.sort = sort;
    this._newest = entry;
    this._fill(entry, words, moment);
    return entry;
  }

  _clip(verb, data, moment) {
    let entry = this._clips.get(data.clip_id);
    if (!entry) {
      entry = this._new(moment, `#clip/${encodeURIComponent(data.clip_id)}`);
      this._clips.set(data.clip_id, entry);
      mark(entry.element, "data-clip", data.clip_id);
      this._newest = entry;
    }
    const { tone, what, more } = CLIP[verb](data, entry);
    mark(entry.element, "data-state", verb);
    const title = this._nameOf(data.camera);
    this._fill(entry, { tone, title, what, more: [entry.why, entry.extended, more].filter(Boolean).join(" ") }, entry.moment);
    if (verb === "ready") this._call(clipWords.announceReady(title, data));
    if (verb === "failed") this._call(`${title}: ${what}`);
  }

  _call(text) {
    if (!this._quiet) this._announce(text);
  }

  /**
   * Let the time of open clips go on.
   * @param {(id: string) => ?number} secondsOf For how long a clip has been open.
   */
  say(secondsOf) {
    for (const [id, entry] of this._clips) {
      const seconds = entry.element.dataset.tone === "rec" ? secondsOf(id) : null;
      if (seconds !== null) write(entry.parts.what, clipWords.running(entry.began, seconds));
    }
  }

  /**
   * After a time without connection: what became of clips that were open then is not known here.
   * @param {(id: string) => boolean} open
   */
  settle(open) {
    for (const [id, entry] of this._clips) {
      if (entry.element.dataset.tone !== "rec" || open(id)) continue;
      mark(entry.element, "data-tone", "");
      write(entry.parts.what, clipWords.unseen);
    }
  }

  /** @param {Date} moment @param {string} [address] Where there is more of it. */
  _new(moment, address) {
    byId("nothing").hidden = true;
    const day = dayOf(moment);
    if (this._day !== null && day !== this._day) this._list.prepend(make("li", { class: "day" }, this._day));
    this._day = day;
    const parts = { title: make("strong"), time: make("time"), what: make("p", { class: "what" }), more: make("p", { class: "more" }) };
    const element = make("li", { class: this._quiet ? "entry" : "entry new" }, make("i", { class: "mark" }), parts.title, parts.time, parts.what, parts.more);
    if (address) {
      const link = make("a", { href: address });
      parts.what.append(link);
      parts.what = link;
    }
    this._list.prepend(element);
    while (this._list.childElementCount > KEPT) this._forget(this._list.lastElementChild);
    return { element, parts, moment, times: 1, sort: "" };
  }

  _forget(element) {
    this._clips.delete(element.dataset.clip);
    element.remove();
  }

  _fill({ element, parts }, words, moment) {
    mark(element, "data-tone", words.tone);
    write(parts.title, words.title);
    write(parts.time, timeOf(moment));
    mark(parts.time, "datetime", moment.toISOString());
    mark(parts.time, "title", fullTimeOf(moment));
    write(parts.what, words.what);
    write(parts.more, words.more ?? "");
  }
}

/** What of a camera is read aloud. */
const SPOKEN = new Set(["camera.lost", "camera.back", "disk.full", "disk.lost", "station.stopped"]);

const CLIP = {
  opened(data, entry) {
    const [what, why] = clipWords.opened(data);
    entry.why = why;
    entry.began = what;
    return { tone: "rec", what };
  },
  extended(data, entry) {
    entry.times += 1;
    entry.extended = clipWords.extended(entry.times - 1, data.reason);
    entry.began ??= clipWords.going;
    return { tone: "rec", what: entry.parts.what.textContent || entry.began };
  },
  closed(data) {
    const [what, more] = clipWords.closed(data);
    return { tone: "busy", what, more };
  },
  ready(data, entry) {
    const [what, more] = clipWords.ready(data);
    entry.extended = "";
    return { tone: data.frames_expected > data.frames_written ? "warn" : "good", what, more };
  },
  failed(data) {
    const [what, more] = clipWords.failed(data);
    return { tone: "warn", what, more };
  },
};
