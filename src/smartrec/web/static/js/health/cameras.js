/** How each camera did: small graphs over the same time, and the same as a table. */

import { fresh } from "../cameras.js";
import { make, mark, write } from "../dom.js";
import { Graph } from "./graph.js";
import { Poll } from "./poll.js";
import { RANGES, columns, graphs, say, words } from "./strings.js";

const POINTS = 370; // an hour by ten seconds, and a step or two that are not over
const ROWS = 20; // of a table
const sum = (row) => row.reduce((all, n) => (n === null ? all : (all ?? 0) + n), null);
const newest = (row) => row.findLastIndex((n) => n !== null);

/** What is drawn of a camera. */
const DRAWN = {
  fps: { layers: [{ kind: "band", name: "fps", row: "fps", to: "fps_mean" }, { kind: "line", name: "fps", row: "fps_mean" }], least: 5, rows: ["fps", "fps_mean"] },
  lost: { layers: [{ kind: "bars", name: "lost", row: "lost" }, { kind: "bars", name: "damaged", row: "damaged" }], least: 5, rows: ["lost", "damaged"], whole: sum },
  infer: { layers: [{ kind: "line", name: "infer", row: "infer_ms" }], least: 20, rows: ["infer_ms"] },
  ring: { layers: [{ kind: "line", name: "ring", row: "ring_s" }], least: 5, rows: ["ring_s", "ring_bytes"] },
};

export class Cameras {
  /**
   * @param {import("../route.js").Context} context
   * @param {() => number} now Milliseconds since 1970.
   */
  constructor({ api, cameras, clock }, now) {
    Object.assign(this, { _cameras: cameras, _clock: clock, _now: now });
    this._range = RANGES[0];
    this._at = null;
    this._tables = false;
    /** @type {Map<string, Card>} */
    this._cards = new Map();
    this._buttons = RANGES.map((range) => this._choice(range));
    this._table = make("button", { type: "button", class: "act small", "aria-pressed": "false" }, make("span", {}, words.table));
    this._table.addEventListener("click", () => this._asTables(!this._tables));
    this._note = make("p", { class: "soft" });
    this._list = make("div", { class: "of" });
    const units = make("div", { class: "units", role: "group", "aria-label": words.range }, ...this._buttons);
    const head = make("header", {}, make("h2", { id: "health-cameras", tabindex: "-1" }, words.cameras), this._note, make("div", { class: "tools" }, units, this._table));
    this.element = make("section", { class: "card cameras", "aria-labelledby": "health-cameras" }, head, this._list);
    this._poll = new Poll(this._range[2], (signal) => api.get("history", this._query(), signal), (history) => this._take(history), () => this._failed());
    this._timer = setInterval(() => this._say(), 1_000);
    this._elsewhere = ({ target }) => this._at !== null && !target.closest(".plot") && this._point(null);
    document.addEventListener("pointerdown", this._elsewhere);
  }

  /** @param {number} index Of the times that can be shown. */
  reach(index) {
    if (!RANGES[index] || this._range === RANGES[index]) return;
    this._range = RANGES[index];
    this._poll.every = this._range[2];
    RANGES.forEach((each, i) => mark(this._buttons[i], "aria-pressed", String(each === this._range)));
    this._list.classList.add("old");
    this._poll.again();
  }

  /** Ask no more. */
  stop() {
    clearInterval(this._timer);
    document.removeEventListener("pointerdown", this._elsewhere);
    this._poll.stop();
  }

  _choice(range) {
    const button = make("button", { type: "button", "aria-pressed": String(range === this._range) }, range[1]);
    button.addEventListener("click", () => this.reach(RANGES.indexOf(range)));
    return button;
  }

  _query() {
    const to = Math.round(this._now());
    this._asked = { from: to - this._range[0], to };
    return new URLSearchParams({ from_ms: String(this._asked.from), to_ms: String(to), points: String(POINTS) });
  }

  _failed() {
    if (!this._cards.size) write(this._note, words.unread);
  }

  _asTables(on) {
    this._tables = on;
    mark(this._table, "aria-pressed", String(on));
    for (const card of this._cards.values()) card.asTable(on);
  }

  _take({ step_ms: step, at_ms: at, since_ms: since, cameras }) {
    const course = { ...this._asked, step_ms: step, at_ms: at, since: since ?? this._asked.to };
    write(this._note, course.since > course.from + 2 * step ? say.since(course.since) : "");
    const known = new Map(cameras.map((each) => [each.id, each]));
    const ours = this._cameras().filter(({ id }) => known.has(id));
    for (const [id, card] of this._cards) if (!ours.some((each) => each.id === id)) this._drop(id, card);
    for (const camera of ours) this._card(camera).show({ ...course, rows: known.get(camera.id) }, this._at);
    this._list.classList.remove("old");
    this._list.append(...ours.filter(({ id }, i) => this._list.children[i] !== this._cards.get(id).element).map(({ id }) => this._cards.get(id).element));
    this._say();
  }

  _drop(id, card) {
    card.element.remove();
    this._cards.delete(id);
  }

  _card(camera) {
    if (!this._cards.has(camera.id)) {
      const card = new Card(camera, (ms) => this._point(ms));
      card.asTable(this._tables);
      this._cards.set(camera.id, card);
    }
    return this._cards.get(camera.id);
  }

  _point(ms) {
    this._at = ms;
    for (const card of this._cards.values()) card.point(ms);
  }

  _say() {
    const now = this._clock.now();
    for (const card of this._cards.values()) card.say(now);
  }
}

class Card {
  /** @param {import("../cameras.js").Camera} camera @param {(ms: ?number) => void} pointed */
  constructor(camera, pointed) {
    this._camera = camera;
    this._name = make("h3");
    this._state = make("span", { class: "state" });
    this._when = make("span", { class: "when", "aria-hidden": "true" });
    this._graphs = Object.entries(DRAWN).map(([name, { layers, least, rows, whole }]) => new Graph(name, graphs[name].title, layers, least, teller(name, rows, whole), pointed));
    this._drawn = make("div", { class: "graphs" }, ...this._graphs.map(({ element }) => element));
    this._rows = make("tbody");
    const heads = columns.map(([title]) => make("th", { scope: "col" }, title));
    this._caption = make("caption", { class: "unseen" });
    this._table = make("div", { class: "sheet", tabindex: "0", role: "region" }, make("table", {}, this._caption, make("thead", {}, make("tr", {}, ...heads)), this._rows));
    this.element = make("article", { class: "one" }, make("header", {}, this._name, this._state, this._when), this._drawn, this._table);
  }

  /** @param {boolean} on */
  asTable(on) {
    this._drawn.hidden = on;
    this._table.hidden = !on;
    if (on && this._course) this._tabulate();
  }

  /** @param {import("./graph.js").Course} course @param {?number} at */
  show(course, at) {
    this._course = course;
    write(this._name, this._camera.name);
    write(this._caption, this._camera.name);
    mark(this._table, "aria-label", `${this._camera.name}: ${words.table.toLowerCase()}`);
    for (const graph of this._graphs) graph.show(course, at, this._camera.name);
    if (!this._table.hidden) this._tabulate();
    this._moment(at);
  }

  /** @param {?number} ms */
  point(ms) {
    for (const graph of this._graphs) graph.point(ms);
    this._moment(ms);
  }

  /** @param {number} now The recorder's clock. */
  say(now) {
    const { stands, fps } = this._camera;
    mark(this._state, "data-state", stands);
    write(this._state, say.state(stands, fresh(this._camera, now) ? fps : null));
  }

  _moment(ms) {
    const { from, to, step_ms: step, at_ms: at } = this._course ?? {};
    if (from === undefined) return;
    const i = ms === null ? -1 : Math.floor((ms - at[0]) / step);
    write(this._when, ms === null ? say.range(from, to) : say.at(at[i] ?? ms, step));
    this._when.classList.toggle("pointed", ms !== null);
  }

  /** So many rows that one reads them; each is of several steps. */
  _tabulate() {
    const { at_ms: at, step_ms: step, since, rows } = this._course;
    const of = Math.max(1, Math.ceil(at.length / ROWS));
    const begins = Array.from({ length: Math.ceil(at.length / of) }, (_, i) => i * of).reverse();
    const known = begins.filter((begin) => at[begin] + of * step > since);
    const lines = known.map((begin) => [say.begin(at[begin], of * step), ...columns.slice(1).map(([, row, fold]) => fold(rows[row].slice(begin, begin + of).filter((n) => n !== null)))]);
    this._rows.replaceChildren(...lines.map(([time, ...cells]) => make("tr", {}, make("th", { scope: "row" }, time), ...cells.map((each) => make("td", {}, each)))));
  }
}

/** How a graph says its value: of a step, or of the newest that is known, or of all. */
function teller(name, rows, whole) {
  return ({ rows: all }, i) => {
    const values = rows.map((row) => all[row]);
    const at = i ?? newest(values[0]);
    const [first, second = null] = i === null && whole ? values.map(whole) : values.map((row) => row[at] ?? null);
    return first === null ? words.unknown : graphs[name].value(first, second);
  };
}
