/** The sentence above all: whether all is well, and if not, what is wrong and where. */

import { make, mark, write } from "../dom.js";
import { icon, swap } from "../icons.js";
import { say, words } from "./strings.js";

const ICONS = { good: "good", warn: "good", bad: "warn", open: "open" };

export class Verdict {
  /**
   * @param {() => import("../cameras.js").Camera[]} cameras
   * @param {HTMLElement} report
   * @param {(text: string) => void} announce
   */
  constructor(cameras, report, announce) {
    this._cameras = cameras;
    this._announce = announce;
    this._health = null;
    this._doctor = null;
    this._sign = icon("open");
    this._title = make("h1", {}, words.looking);
    this._more = make("p", { class: "soft" });
    this._list = make("ul", { "aria-label": words.wrong });
    this.element = make("header", { class: "overall", "data-tone": "open" }, make("span", { class: "sign" }, this._sign), make("div", { class: "said" }, this._title, this._more, this._list), report);
  }

  /** @param {?{well: boolean, problems: string[]}} health null: nobody answers. */
  heard(health) {
    this._health = health ?? { away: true, problems: [] };
    this._show();
  }

  /** @param {?Object} doctor What it found last. */
  examined(doctor) {
    this._doctor = doctor;
    this._show();
  }

  _show() {
    if (!this._health) return;
    const { away, problems } = this._health;
    const checks = (kind) => (this._doctor?.checks ?? []).filter(({ status }) => status === kind).length;
    const [broken, remarks] = [checks("bad"), checks("warn")];
    const tone = away || problems.length || broken ? "bad" : remarks ? "warn" : "good";
    const lines = problems.map((each) => this._worded(each));
    if (broken) lines.push([say.found(broken), "doctor"]);
    const single = lines.length === 1;
    const title = away ? words.away : single ? lines[0][0] : lines.length ? say.wrong(lines.length) : words.well;
    if (this._tone && (tone === "bad") !== (this._tone === "bad")) this._announce(title);
    this._tone = tone;
    mark(this.element, "data-tone", tone);
    swap(this._sign, ICONS[tone]);
    write(this._title, title);
    write(this._more, away ? words.awayMore : lines.length ? "" : say.fine(this._cameras().length));
    this._listed(single ? [[words.show, lines[0][1]]] : lines, remarks);
  }

  _listed(lines, remarks) {
    const all = remarks ? [...lines, [say.hint(remarks), "doctor"]] : lines;
    const key = JSON.stringify(all);
    if (key === this._key) return;
    this._key = key;
    this._list.replaceChildren(...all.map(([text, where]) => make("li", {}, way(text, where))));
  }

  /** @returns {[string, string]} What is wrong, and the part of this view that is about it. */
  _worded(problem) {
    const [subject, state] = problem.split(/: (.*)/s);
    const camera = this._cameras().find(({ id }) => id === subject);
    if (camera && state) return [say.camera(camera.name, state), "cameras"];
    return [say.problem(problem), subject === "clips" ? "disk" : "log"];
  }
}

/** A link within the view; the address stays, for it says which view there is. */
function way(text, where) {
  const button = make("button", { type: "button", class: "quiet" }, text);
  button.addEventListener("click", () => {
    const heading = document.getElementById(`health-${where}`);
    heading?.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    heading?.focus({ preventScroll: true });
  });
  return button;
}
