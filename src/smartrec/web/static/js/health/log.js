/** The newest of what the recorder says, as it says it. */

import { copyOf } from "../clip/copy.js";
import { make, mark, write } from "../dom.js";
import { Poll } from "./poll.js";
import { LEVELS, say, words } from "./strings.js";

const MOST = 2_000;
const EVERY_MS = 2_000;
const NEAR = 24; // CSS pixels from the end that still are the end
const GRAVITY = ["debug", "info", "warning", "error"];

export class Log {
  /** @param {import("../api.js")} api */
  constructor(api) {
    this._api = api;
    this._all = [];
    this._waiting = [];
    this._since = 0;
    this._run = null;
    this._least = LEVELS[0][0];
    this._paused = false;
    this._list = make("ol");
    this._nothing = make("p", { class: "soft none" }, words.looking);
    this._scroll = make("div", { class: "lines", tabindex: "0", role: "region", "aria-label": words.lines }, this._nothing, this._list);
    this._pause = make("button", { type: "button", class: "act small", "aria-pressed": "false" }, make("span", {}, words.pause));
    this._pause.addEventListener("click", () => this.pause());
    this._buttons = LEVELS.map(([level, name]) => this._choice(level, name));
    const tools = make("div", { class: "tools" }, make("div", { class: "units", role: "group", "aria-label": words.level }, ...this._buttons), this._pause, copyOf(this._list));
    this.element = make("section", { class: "card log", "aria-labelledby": "health-log" }, make("header", {}, make("h2", { id: "health-log", tabindex: "-1" }, words.log), make("p", { class: "soft" }, words.logMore), tools), this._scroll);
    this._poll = new Poll(EVERY_MS, (signal) => api.get("log", new URLSearchParams({ since: String(this._since) }), signal), (log) => this._take(log), () => this._all.length || write(this._nothing, words.unread));
  }

  _choice(level, name) {
    const button = make("button", { type: "button", "aria-pressed": String(level === this._least) }, name);
    button.addEventListener("click", () => {
      this._least = level;
      LEVELS.forEach(([each], i) => mark(this._buttons[i], "aria-pressed", String(each === level)));
      this._fill();
    });
    return button;
  }

  /** Stop, or go on; what is said meanwhile waits. */
  pause() {
    this._paused = !this._paused;
    mark(this._pause, "aria-pressed", String(this._paused));
    if (!this._paused) {
      this._all = [...this._all, ...this._waiting].slice(-MOST);
      this._waiting = [];
      this._fill();
    }
    this._label();
  }

  /** Ask no more. */
  stop() {
    this._poll.stop();
  }

  _label() {
    write(this._pause.firstChild, this._paused ? (this._waiting.length ? say.more(this._waiting.length) : words.follow) : words.pause);
  }

  _take({ run, lines, next }) {
    if (this._run !== null && this._run !== run && this._since) {
      this._run = run;
      this._since = 0; // it was started anew; what it said before stays to be read
      this._poll.again();
      return;
    }
    this._run = run;
    this._since = next;
    if (this._paused) this._waiting = [...this._waiting, ...lines].slice(-MOST);
    else this._add(lines);
    this._label();
    if (lines.length >= MOST / 4) this._poll.again(); // there may be more
  }

  _add(lines) {
    const ends = this._atEnd;
    this._all = [...this._all, ...lines].slice(-MOST);
    const shown = lines.filter((each) => this._meant(each));
    this._list.append(...shown.map(row));
    while (this._list.children.length > MOST) this._list.firstChild.remove();
    this._say();
    if (ends && shown.length) this._toEnd();
  }

  _fill() {
    this._list.replaceChildren(...this._all.filter((each) => this._meant(each)).map(row));
    this._say();
    this._toEnd();
  }

  _meant({ level }) {
    return GRAVITY.indexOf(level) >= GRAVITY.indexOf(this._least);
  }

  _say() {
    this._nothing.hidden = this._list.children.length > 0;
    write(this._nothing, this._all.length ? words.quietLike : words.quiet);
  }

  get _atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this._scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  _toEnd() {
    this._scroll.scrollTop = this._scroll.scrollHeight;
  }
}

/** Its text is as it is copied. */
function row({ at_ms: at, level, text }) {
  return make("li", { "data-level": level }, make("time", { datetime: new Date(at).toISOString(), title: say.when(at) }, say.time(at)), " ", make("b", {}, level), " ", make("span", {}, text), "\n");
}
