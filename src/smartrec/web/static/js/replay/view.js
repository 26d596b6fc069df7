/** What other settings would have made of what was recorded: asked of the recorder, clip by clip. */

import { make } from "../dom.js";
import { icon } from "../icons.js";
import { sheet } from "../sheet.js";
import { List } from "./list.js";
import { Options } from "./options.js";
import { carried, takeUp } from "./plan.js";
import { Run } from "./run.js";
import { Saving } from "./saving.js";
import { keyHelp, say, words } from "./strings.js";
import { Summary } from "./summary.js";

const SOON_MS = 250;
const CONFLICT = 409;
/** What of the detector changes nothing of what is seen in a picture. */
const AS_SEEN = new Set(["detector.min_confidence", "detector.threads", "detector.enabled"]);

await sheet("replay.css");

/** Where one was, for the way back from a clip. */
let left = null;

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} _parameters
 * @param {import("../route.js").Context} context
 * @returns {import("../route.js").View}
 */
export function mount(root, _parameters, context) {
  const plan = carried();
  if (!context.may("admin")) return new Instead(root, words.nobody, words.nobodyMore);
  return plan ? new Replay(root, plan, context) : new Instead(root, words.nothingTried, words.nothingTriedMore, ["#settings", words.toSettings], ["#zones/", words.toZones]);
}

class Replay {
  constructor(root, plan, context) {
    this._plan = plan;
    this._context = context;
    this.title = words.title;
    const fresh = left?.plan !== plan;
    if (fresh) left = { plan, run: left?.run ?? new Run(context.api), chosen: { period: "last", day: null, camera: plan.camera, again: false }, choice: "different", most: 0, top: 0, pageTop: 0 };
    if (fresh) left.run.forget();
    this._run = left.run;
    this._build(root);
    this._going = (event) => !plan.saved && event.preventDefault();
    addEventListener("beforeunload", this._going);
    this._options.element.hidden = Boolean(plan.saved);
    this._run.resume(() => this._show());
    this._show();
    this._scroller.scrollTop = left.top;
    document.scrollingElement.scrollTop = left.pageTop; // a narrow page scrolls as a whole
    if (!plan.saved && (fresh || this._run.state === "cancelled")) this._ask();
  }

  _build(root) {
    const { _plan: plan, _context: context } = this;
    const { api, clock } = context;
    const cameras = context.cameras();
    const now = () => clock.wallOf(clock.now()).getTime();
    const needed = plan.tried.some(({ change: { key } }) => key.startsWith("detector.") && !AS_SEEN.has(key));
    this._options = new Options(left.chosen, needed, cameras, now, () => this._soon());
    this._saving = new Saving(api, plan, () => this._saved());
    this._summary = new Summary(left.choice, { only: (choice) => this._only(choice), stop: () => this._run.stop(), again: () => this._ask() });
    this._list = new List(api.at, (id) => cameras.find((each) => each.id === id)?.name ?? id, left.most);
    const back = make("a", { class: "back", href: `#${plan.from}` }, icon("older"), make("span", {}, plan.from === "settings" ? words.settings : words.zones));
    const side = make("div", { class: "side" }, make("header", { class: "head" }, back, make("h1", {}, words.title)), make("div", { class: "question" }, tried(plan), this._options.element), this._saving.element);
    this._scroller = make("div", { class: "answers" }, this._summary.element, this._list.element);
    root.append(make("div", { class: "replay" }, side, this._scroller));
  }

  /** @returns {import("../keys.js").Keys} */
  get keys() {
    return { help: keyHelp, acts: { Escape: () => this._context.go(`#${this._plan.from}`) } };
  }

  /** Nobody waits for it but who comes back from one of its clips. @param {{name: string}} to */
  leave(to) {
    if (to.name !== "clip") this._run.stop();
    return true;
  }

  /** Let go of everything. */
  unmount() {
    clearTimeout(this._timer);
    if (this._run.state === "begun") this._run.stop(); // it may not be asked yet
    removeEventListener("beforeunload", this._going);
    this._run.pause();
    Object.assign(left, { most: this._list.most, top: this._scroller.scrollTop, pageTop: document.scrollingElement.scrollTop });
  }

  _soon() {
    clearTimeout(this._timer);
    this._run.expect();
    this._timer = setTimeout(() => this._ask(), SOON_MS);
  }

  _ask() {
    clearTimeout(this._timer);
    this._list.restart();
    const { tried: all, asked } = this._plan;
    this._run.ask({ changes: all.map(({ change }) => change), digest: asked.digest, ...this._options.asked });
  }

  /** There is nothing else to be compared with any more. */
  _saved() {
    takeUp(this._plan.from);
    this._run.stop();
    this._options.element.hidden = true;
    this._show();
  }

  _only(choice) {
    left.choice = this._summary.choice = choice;
    this._list.restart();
    this._scroller.scrollTop = 0;
    this._show();
  }

  _show() {
    this._summary.show(this._run, this._plan.saved);
    this._list.element.classList.toggle("old", this._run.old);
    this._list.show(this._run.results, left.choice, this._nothing);
  }

  /** Why there is nothing to be seen. */
  get _nothing() {
    const { state, error, results, busy } = this._run;
    if (state === "failed") return this._run.taken ? words.takenMore : error.status === CONFLICT ? `${words.meanwhile}. ${words.meanwhileMore}` : told(error);
    if (!results.length) return "";
    if (left.choice !== "different") return words.noneLike;
    return busy || state === "cancelled" ? words.sameSoFar : words.same;
  }
}

/** Why it came to nothing. */
function told(error) {
  const [first] = error?.body?.mistakes ?? [];
  if (first) return say.refused(first.message);
  if (error instanceof Error && !error.status) return words.away;
  return say.refused(error?.message ?? words.away, error?.hint);
}

function tried({ tried: all, left: others }) {
  const lines = all.map(({ name, before, after }) => make("div", {}, make("dt", {}, name), make("dd", {}, before, make("span", { "aria-hidden": "true" }, " → "), make("span", { class: "unseen" }, words.becomes), make("strong", {}, after))));
  const more = others.length ? [make("p", { class: "soft" }, say.left(others))] : [];
  return make("section", { class: "tried", "aria-labelledby": "replay-tried" }, make("h2", { id: "replay-tried" }, words.tried), make("dl", {}, ...lines), ...more);
}

/** There is nothing to be tried, or not for everybody. */
class Instead {
  constructor(root, title, text, ...ways) {
    this.title = words.title;
    this.keys = { help: keyHelp, acts: {} };
    const links = ways.map(([href, name]) => make("a", { class: "act", href }, name));
    root.append(make("div", { class: "replay none" }, make("h1", {}, title), make("p", { class: "soft" }, text), make("p", { class: "acts" }, ...links)));
  }

  /** There is nothing to let go of. */
  unmount() {}
}
