/** What `smartrec doctor` finds on the recorder's machine, the gravest first, with what mends it. */

import { copyOf } from "../clip/copy.js";
import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { sentence } from "../strings.js";
import { Poll } from "./poll.js";
import { say, severity, words } from "./strings.js";

const ORDER = ["bad", "warn", "ok"];
const SIGNS = { bad: "cross", warn: "warn", ok: "tick" };
const RUNNING_MS = 700;
const IDLE_MS = 15_000;

export class Doctor {
  /**
   * @param {import("../api.js")} api
   * @param {(doctor: Object) => void} told What it found.
   * @param {(text: string) => void} announce
   */
  constructor(api, told, announce) {
    Object.assign(this, { _api: api, _told: told, _announce: announce });
    this._state = null;
    this._when = make("p", { class: "soft", role: "status" });
    this._button = make("button", { type: "button", class: "act small" }, make("span", {}, words.again));
    this._button.addEventListener("click", () => this.look());
    this._rows = make("ul", { class: "checks" });
    this._fine = make("ul", { class: "checks" });
    this._summary = make("summary");
    this._details = make("details", { class: "fine", hidden: true }, this._summary, this._fine);
    const head = make("header", {}, make("h2", { id: "health-doctor", tabindex: "-1" }, words.doctor), this._when, this._button);
    this.element = make("section", { class: "card doctor", "aria-labelledby": "health-doctor" }, head, make("p", { class: "soft about" }, words.doctorMore), this._rows, this._details);
    this._poll = new Poll(IDLE_MS, (signal) => api.get("doctor", undefined, signal), (found) => this._take(found), () => this._state || write(this._when, words.unread));
  }

  /** Have it look again. */
  async look() {
    if (this._state === "running") return;
    this._running(true);
    write(this._when, words.looking);
    try {
      await this._api.send("POST", "doctor", {});
    } catch (error) {
      if (error.status !== 409) write(this._when, say.failed(error.status ? error : null)); // one that runs is as good
    }
    this._poll.again();
  }

  /** Ask no more. */
  stop() {
    this._poll.stop();
  }

  _running(on) {
    mark(this._button, "aria-disabled", on ? "true" : null);
    this.element.classList.toggle("busy", on);
  }

  _take(found) {
    const { state, at_ms: at, error } = found;
    const before = this._state;
    this._state = state;
    this._poll.every = state === "running" ? RUNNING_MS : IDLE_MS;
    this._running(state === "running");
    if (state === "never" && before === null) this.look(); // it disturbs nothing, and is what one came for
    write(this._when, { running: words.looking, never: words.never, failed: say.failed(error), done: at === null ? "" : say.examined(at) }[state]);
    this._show(found.checks);
    if (before === "running" && state === "done") this._announce(this._sum(found.checks));
    this._told(found);
  }

  _sum(checks) {
    const [bad, warn, fine] = ORDER.map((status) => checks.filter((each) => each.status === status).length);
    return [bad && say.found(bad), warn && say.hint(warn), say.fineChecks(fine)].filter(Boolean).join(". ");
  }

  _show(checks) {
    const key = JSON.stringify(checks);
    if (key === this._shown) return;
    this._shown = key;
    const graver = ORDER.slice(0, 2).flatMap((status) => checks.filter((each) => each.status === status));
    const fine = checks.filter(({ status }) => status === "ok");
    this._rows.replaceChildren(...graver.map(row));
    this._rows.hidden = !graver.length;
    this._fine.replaceChildren(...fine.map(row));
    this._details.hidden = !fine.length;
    write(this._summary, say.fineChecks(fine.length));
  }
}

function row({ check, status, what, why, mend }) {
  const sign = make("span", { class: "sign", title: severity[status] }, icon(SIGNS[status]), make("span", { class: "unseen" }, `${severity[status]}: `));
  const told = make("div", { class: "told" }, make("p", {}, make("b", {}, check), " ", make("span", {}, sentence(what))), ...(why ? [make("p", { class: "soft" }, why)] : []), ...(mend ? [mending(mend, what)] : []));
  return make("li", { "data-status": status }, sign, told);
}

function mending(mend, what) {
  const code = make("code", {}, mend);
  const copy = copyOf(code);
  copy.setAttribute("aria-label", `${copy.textContent}: ${what}`);
  return make("div", { class: "mend" }, code, copy);
}
