/** How many events would vanish, appear and stay: in words, as a bar that grows, and to choose from. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { different, every, kinds, say, words } from "./strings.js";

const ORDER = ["stays", "vanishes", "appears", "manual", "neither", "unknown"];
const CHOICES = ["different", "vanishes", "appears", "stays", "manual", "neither", "unknown", "all"];
/** What is said where no clip was tried. */
const INSTEAD = { failed: words.failed, done: words.none, cancelled: words.stopped };
const ALWAYS = new Set(["different", "vanishes", "appears", "stays", "all"]);
export const SIGNS = { vanishes: "cross", appears: "more", stays: "tick", manual: "tick", neither: "less", unknown: "open" };

/** @param {string} choice @param {import("./run.js").Kind} kind */
export const meant = (choice, kind) => choice === "all" || choice === kind || (choice === "different" && (kind === "vanishes" || kind === "appears"));

export class Summary {
  /**
   * @param {string} choice Which are shown.
   * @param {Object} asked
   * @param {(choice: string) => void} asked.only
   * @param {() => void} asked.stop
   * @param {() => void} asked.again
   */
  constructor(choice, asked) {
    this.choice = choice;
    this._asked = asked;
    this._title = make("strong");
    this._text = make("span");
    this._told = make("p", { class: "unseen", role: "status" });
    this._stop = button(words.stop, asked.stop);
    this._again = button(words.tryAgain, asked.again);
    this._segments = new Map(ORDER.map((kind) => [kind, this._segment(kind)]));
    this._bar = make("div", { class: "bar" }, ...this._segments.values());
    this._track = make("div", { class: "track", "aria-hidden": "true" }, this._bar);
    this._choices = new Map(CHOICES.map((each) => [each, this._choice(each)]));
    this._group = make("div", { class: "choices-of", role: "group", "aria-label": words.shown }, ...[...this._choices.values()].map(({ element }) => element));
    this.element = make(
      "div",
      { class: "summary" },
      make("div", { class: "line" }, make("p", { class: "count" }, this._title, " ", this._text), this._stop, this._again),
      this._told,
      this._track,
      this._group,
    );
  }

  _segment(kind) {
    const segment = make("i", { "data-kind": kind, title: kinds[kind].help });
    segment.addEventListener("click", () => this._asked.only(kind));
    return segment;
  }

  _choice(each) {
    const { many, help } = kinds[each] ?? (each === "all" ? every : different);
    const n = make("b");
    const sign = kinds[each] ? [make("i", { class: "sign", "data-kind": each }, icon(SIGNS[each]))] : [];
    const element = make("button", { type: "button", class: "chip", title: help }, ...sign, make("span", {}, many), n);
    element.addEventListener("click", () => this._asked.only(each));
    return { element, n };
  }

  /** @param {import("./run.js").Run} run @param {boolean} [over] Nothing is asked any more. */
  show(run, over = false) {
    const { results, done, of, busy, old, state } = run;
    const counts = Object.fromEntries(ORDER.map((kind) => [kind, 0]));
    for (const { outcome } of results) counts[outcome] += 1;
    this.element.classList.toggle("old", old);
    this.element.classList.toggle("busy", busy);
    write(this._title, results.length ? say.summary(counts) : busy ? words.looking : (INSTEAD[state] ?? ""));
    if (run.taken) write(this._title, words.taken);
    this._track.hidden = this._group.hidden = !busy && !results.length;
    write(this._text, this._second(run));
    this._stop.hidden = !busy;
    this._again.hidden = over || busy || state === "none" || state === "done";
    write(this._again.firstChild, run.taken ? words.instead : words.tryAgain);
    const whole = Math.max(old ? 0 : of, results.length, 1);
    for (const [kind, segment] of this._segments) segment.style.flexGrow = String(counts[kind]);
    this._bar.style.width = `${Math.min(100, (100 * (results.length + (busy && !old ? run.share : 0))) / whole)}%`;
    this._numbers(counts, results.length);
    if (state === "done") write(this._told, results.length ? `${say.summary(counts)} ${say.clips(results.length)}` : words.none);
    else if (busy && !done) write(this._told, "");
  }

  _second({ state, busy, old, done, of, results }) {
    if (busy) return old ? words.looking : say.progress(done, of);
    if (state === "cancelled") return results.length ? say.stopped(done, of) : "";
    return results.length ? say.clips(results.length) : "";
  }

  _numbers(counts, all) {
    const sums = { ...counts, all, different: counts.vanishes + counts.appears };
    for (const [choice, { element, n }] of this._choices) {
      element.hidden = !ALWAYS.has(choice) && !sums[choice] && choice !== this.choice;
      mark(element, "aria-pressed", String(choice === this.choice));
      write(n, say.count(sums[choice]));
    }
  }
}

function button(label, act) {
  const made = make("button", { type: "button", class: "act small" }, make("span", {}, label));
  made.addEventListener("click", act);
  return made;
}
