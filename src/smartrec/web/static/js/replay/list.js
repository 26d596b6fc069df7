/** The clips: a picture of each, and what both settings make of it. */

import { make, write } from "../dom.js";
import { icon } from "../icons.js";
import { sentence } from "../strings.js";
import { kinds, say, words } from "./strings.js";
import { SIGNS, meant } from "./summary.js";

const AT_ONCE = 60;

export class List {
  /**
   * @param {(path: string) => URL} at
   * @param {(id: string) => string} nameOf A camera's.
   * @param {number} most How many are shown; it grows.
   */
  constructor(at, nameOf, most) {
    this._at = at;
    this._nameOf = nameOf;
    /** How many are shown. */
    this.most = Math.max(most, AT_ONCE);
    this._key = "";
    this._list = make("ol", { class: "clips" });
    this._empty = make("p", { class: "empty" });
    this._known = make("p", { class: "soft known" }, words.known);
    this._more = make("button", { type: "button", class: "act more" });
    this._more.addEventListener("click", () => this._further());
    this.element = make("div", { class: "found" }, this._empty, this._list, this._more, this._known);
  }

  /** From the first on again. */
  restart() {
    this.most = AT_ONCE;
  }

  /**
   * @param {import("./run.js").Outcome[]} results
   * @param {string} choice Which are meant.
   * @param {string} nothing What to say where there are none.
   */
  show(results, choice, nothing) {
    this._shown = { results, choice, nothing };
    const chosen = results.filter(({ outcome }) => meant(choice, outcome));
    const wanted = chosen.slice(0, this.most);
    const { children } = this._list;
    const same = results === this._of && choice === this._choice && children.length <= wanted.length;
    if (!same) this._list.replaceChildren();
    this._of = results;
    this._choice = choice;
    this._list.append(...wanted.slice(children.length).map((outcome) => this._card(outcome)));
    this._more.hidden = chosen.length <= this.most;
    write(this._more, say.further(chosen.length - wanted.length));
    this._list.hidden = !wanted.length;
    this._known.hidden = !wanted.length;
    this._empty.hidden = wanted.length > 0 || !nothing;
    write(this._empty, nothing);
  }

  _further() {
    const first = this._list.children.length;
    this.most += 2 * AT_ONCE;
    const { results, choice, nothing } = this._shown;
    this.show(results, choice, nothing);
    this._list.children[first]?.querySelector("a").focus();
  }

  _card(outcome) {
    const { clip, start_ms: start, outcome: kind, why } = outcome;
    const known = kind !== "unknown";
    const now = say.answer(outcome.now, outcome.now_best);
    const then = say.answer(outcome.then, outcome.then_best);
    const name = outcome.camera_name || this._nameOf(outcome.camera);
    const today = new Date(start).toDateString() === new Date().toDateString();
    const answers = make("dl", {}, ...line(words.now, now, Boolean(outcome.now)), ...line(words.then, then, Boolean(outcome.then)));
    const remark = [say.byHand(outcome), sentence(why ?? "")].filter(Boolean).join(". ");
    const told = make(
      "span",
      { class: "told" },
      make("span", { class: "when" }, make("strong", { title: say.when(start) }, say.time(start, today)), make("span", { class: "camera" }, name)),
      make("span", { class: "kind" }, make("i", { class: "sign", "data-kind": kind }, icon(SIGNS[kind])), kinds[kind].one, make("small", {}, say.shift(outcome))),
      ...(known ? [answers] : []),
      ...(remark ? [make("span", { class: "why", title: remark }, remark)] : []),
    );
    const hit = outcome.then ?? outcome.now;
    const moment = hit ? `?at=${Math.max(0, hit.at_s)}` : "";
    const link = make("a", { href: `#clip/${encodeURIComponent(clip)}${moment}`, "aria-label": say.spoken(outcome, name, now, then) }, this._picture(outcome), told);
    return make("li", { "data-clip": clip, "data-kind": kind, "data-gone": kind === "vanishes" && !outcome.by_hand }, link);
  }

  _picture({ clip, thumbnail }) {
    const blank = make("span", { class: "blank" });
    const picture = make("img", { alt: "", decoding: "async", loading: "lazy" });
    const gone = () => {
      picture.hidden = true;
      write(blank, words.noPicture);
    };
    picture.addEventListener("error", gone);
    if (thumbnail) picture.src = String(this._at(`clips/${encodeURIComponent(clip)}/thumbnail`));
    else gone();
    return make("span", { class: "thumb" }, blank, picture);
  }
}

const line = (name, text, hit) => [make("dt", {}, name), make("dd", { "data-hit": hit }, text)];
