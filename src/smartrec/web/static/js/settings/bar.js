/** What is not saved yet: how much, what saving touches, what is wrong; and what came of it. */

import { make, mark, write } from "../dom.js";
import { say, words } from "./strings.js";

const TOLD_MS = 12_000;
const MOST = 4;

export class Bar {
  /**
   * @param {Object} told
   * @param {() => void} told.save
   * @param {() => void} told.discard
   * @param {() => void} told.tries
   */
  constructor(told) {
    this._title = make("strong");
    this._text = make("span");
    this._said = make("p", { class: "said", role: "status" }, this._title, this._text);
    this._mistakes = make("ul", { class: "mistakes", hidden: true });
    this._way = make("button", { type: "button", class: "act", hidden: true });
    this._way.addEventListener("click", () => this._act());
    this._try = make("button", { type: "button", class: "act", hidden: true }, words.tryIt);
    this._try.addEventListener("click", () => this._try.getAttribute("aria-disabled") || told.tries());
    this._discard = make("button", { type: "button", class: "act" }, words.discard);
    this._discard.addEventListener("click", told.discard);
    this._save = make("button", { type: "button", class: "act main" }, make("span", {}, words.save), make("kbd", {}, "Ctrl S"));
    this._save.addEventListener("click", told.save);
    this.element = make("div", { class: "bar", role: "region", "aria-label": words.save, hidden: true }, make("div", { class: "words" }, this._said, this._mistakes), this._way, this._try, this._discard, this._save);
    this._answer = null;
  }

  /**
   * What came of it; it stays for a while, or until something is changed.
   * @param {"good"|"warn"|""} tone
   * @param {string} [title] Without one nothing is told any more.
   * @param {string} [text]
   * @param {{label: string, act: () => void}} [way] On from here.
   */
  tell(tone, title, text = "", way = undefined) {
    clearTimeout(this._fading);
    this._answer = title ? { tone, title, text, way } : null;
    if (this._answer && tone === "good") this._fading = setTimeout(() => this.tell(""), TOLD_MS);
    this._show();
  }

  /**
   * @param {Object} now
   * @param {number} now.count Of changes.
   * @param {string} now.touching
   * @param {{text: string, go: ?(() => void)}[]} now.mistakes
   * @param {boolean} now.saving
   * @param {boolean} now.triable Whether some of it can be tried on what was recorded.
   */
  say(now) {
    this._now = now;
    this._show();
  }

  _show() {
    const { count = 0, touching = "", mistakes = [], saving = false, triable = false } = this._now ?? {};
    const answer = count && this._answer?.tone === "good" ? null : this._answer;
    this.element.hidden = !count && !mistakes.length && !answer;
    mark(this.element, "data-tone", answer?.tone || (mistakes.length ? "warn" : null));
    const wrong = mistakes.length > 0;
    write(this._title, answer?.title ?? (saving ? words.saving : wrong ? say.mistakes(mistakes.length) : count ? say.changes(count) : ""));
    write(this._text, answer?.text ?? (wrong || saving ? "" : touching));
    this._list(answer ? [] : mistakes);
    this._act = answer?.way?.act;
    this._way.hidden = !answer?.way;
    write(this._way, answer?.way?.label ?? "");
    this._discard.hidden = this._save.hidden = !count && !wrong;
    this._try.hidden = !triable || this._save.hidden;
    for (const button of [this._save, this._try]) mark(button, "aria-disabled", wrong || saving || answer?.way ? "true" : null);
  }

  _list(mistakes) {
    const key = JSON.stringify(mistakes.map(({ text }) => text));
    if (key === this._listed) return;
    this._listed = key;
    this._mistakes.hidden = !mistakes.length;
    this._mistakes.replaceChildren(
      ...mistakes.slice(0, MOST).map(({ text, go }) => {
        if (!go) return make("li", {}, text);
        const button = make("button", { type: "button", class: "quiet" }, text);
        button.addEventListener("click", go);
        return make("li", {}, button);
      }),
    );
  }

  /** No more news. */
  close() {
    clearTimeout(this._fading);
  }
}
