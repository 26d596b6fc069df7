/** What there is: sections to go to, and a text by which settings are found. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { say, words } from "./strings.js";

const TYPED_MS = 120;

export class Contents {
  /**
   * @param {Object} told
   * @param {(parts: string[]) => void} told.find Small letters; none: all.
   * @param {(on: boolean) => void} told.explain
   * @param {boolean} explained Whether all is explained.
   */
  constructor(told, explained) {
    this._input = make("input", { type: "search", "aria-label": words.searchIn, title: words.searchIn, placeholder: words.search, maxlength: "100", autocomplete: "off", spellcheck: "false" });
    this._found = make("p", { class: "found", role: "status" });
    this._explain = make("button", { type: "button", class: "quiet", "aria-pressed": String(explained) }, words.explainAll);
    this._list = make("ul");
    this._nav = make("nav", { "aria-label": words.contents }, this._list);
    this.element = make("div", { class: "contents" }, make("label", { class: "search" }, icon("find"), this._input), this._found, this._nav, this._explain);
    /** @type {Map<string, HTMLElement>} */
    this._links = new Map();
    this._input.addEventListener("input", () => {
      clearTimeout(this._typing);
      this._typing = setTimeout(() => told.find(this.parts), TYPED_MS);
    });
    this._input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this._input.value) return;
      event.preventDefault();
      this.clear();
      told.find([]);
    });
    this._explain.addEventListener("click", () => {
      const on = this._explain.getAttribute("aria-pressed") !== "true";
      mark(this._explain, "aria-pressed", String(on));
      told.explain(on);
    });
  }

  /** What is looked for. */
  get parts() {
    return this._input.value.toLowerCase().split(/\s+/).filter(Boolean);
  }

  /** Look for nothing. */
  clear() {
    clearTimeout(this._typing);
    this._input.value = "";
  }

  /** Type a text to be found. */
  search() {
    this._input.focus();
    this._input.select();
  }

  /**
   * @param {{id: string, name: string, cameras?: {id: string, name: string}[]}[]} sections
   */
  list(sections) {
    const key = JSON.stringify(sections);
    if (key === this._key) return;
    this._key = key;
    this._links.clear();
    this._list.replaceChildren(
      ...sections.flatMap(({ id, name, cameras = [] }) => [this._line(id, name, ""), ...(cameras.length > 1 ? cameras.map((each) => this._line(`camera/${each.id}`, each.name, "below")) : [])]),
    );
  }

  _line(id, name, kind) {
    const link = make("a", { href: `#settings/${id.split("/").map(encodeURIComponent).join("/")}` }, make("span", {}, name), make("i", { class: "dot" }));
    this._links.set(id, link);
    return make("li", { class: kind }, link);
  }

  /** @param {Map<string, ""|"changed"|"wrong">} states By id. */
  mark(states) {
    for (const [id, link] of this._links) mark(link, "data-state", states.get(id) || null);
  }

  /** @param {?string} id Of the section that is seen. */
  at(id) {
    for (const [each, link] of this._links) {
      const here = each === id;
      if (here && !link.hasAttribute("aria-current")) this._reveal(link);
      mark(link, "aria-current", here ? "location" : null);
    }
  }

  /** On a narrow page they lie side by side. */
  _reveal(link) {
    const { offsetLeft, offsetWidth } = link.parentElement;
    if (this._list.scrollWidth > this._list.clientWidth) this._list.scrollTo({ left: offsetLeft - (this._list.clientWidth - offsetWidth) / 2 });
  }

  /** @param {?number} n How many were found; null: nothing is looked for. */
  found(n) {
    write(this._found, n === null ? "" : n ? say.found(n) : words.none);
  }

  /** No more of what was typed. */
  close() {
    clearTimeout(this._typing);
  }
}
