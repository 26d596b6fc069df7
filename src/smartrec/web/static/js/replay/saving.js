/** What is tried is not saved yet; and what came of saving it. */

import { make, mark, write } from "../dom.js";
import { say, words } from "./strings.js";

const CONFLICT = 409;
const SAVED_WITHIN_MS = 60_000; // a camera that hangs is waited for

export class Saving {
  /**
   * @param {import("../api.js")} api
   * @param {import("./plan.js").Plan} plan
   * @param {() => void} saved
   */
  constructor(api, plan, saved) {
    Object.assign(this, { _api: api, _plan: plan, _told: saved });
    this._title = make("strong", {}, plan.saved ? words.saved : words.unsaved);
    this._text = make("span");
    this._back = make("a", { class: "act", href: `#${plan.from}` }, plan.saved ? words.done : words.back);
    this._save = make("button", { type: "button", class: "act main" }, say.saveAll(plan.asked.changes.length));
    this._save.addEventListener("click", () => this._go());
    this._save.hidden = Boolean(plan.saved);
    this.element = make("footer", { class: "saving" }, make("p", { role: "status" }, this._title, this._text), make("div", { class: "acts" }, this._back, this._save));
    mark(this.element, "data-tone", plan.saved ? "good" : null);
  }

  async _go() {
    if (this._save.getAttribute("aria-disabled")) return;
    mark(this._save, "aria-disabled", "true");
    this._say(null, words.saving);
    try {
      const { applied, problem } = await this._api.send("PATCH", "settings", this._plan.asked, undefined, SAVED_WITHIN_MS);
      this._plan.saved = true;
      if (applied) this._say("good", words.saved);
      else this._say("warn", words.savedOnly, problem ? say.refused(problem.message, problem.hint) : "");
      write(this._back, words.done);
      this._back.focus();
      this._save.hidden = true;
      this._told();
    } catch (error) {
      console.debug("not saved", error);
      mark(this._save, "aria-disabled", null);
      this._refused(error);
    }
  }

  _refused(error) {
    const [first] = error.body?.mistakes ?? [];
    if (error.status === CONFLICT) this._say("warn", words.meanwhile, words.meanwhileMore);
    else if (first) this._say("warn", words.notSaved, say.refused(first.message));
    else if (error.status) this._say("warn", words.notSaved, say.refused(error.message, error.hint));
    else this._say("warn", words.notSaved, words.away);
  }

  _say(tone, title, text = "") {
    mark(this.element, "data-tone", tone);
    write(this._title, title);
    write(this._text, text);
  }
}
