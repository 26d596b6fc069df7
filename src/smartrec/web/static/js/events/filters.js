/** Which clips are meant: by camera, trigger, zone, confidence, pin and text. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { Menu } from "../menu.js";
import { filtering } from "./query.js";
import { say, words } from "./strings.js";

const TYPED_MS = 250;

export class FilterBar {
  /** @param {(filters: import("./query.js").Filters) => void} changed */
  constructor(changed) {
    this._changed = changed;
    this._wished = {};
    this._lists = { camera: this._list("camera"), reason: this._list("reason"), zone: this._list("zone") };
    this._score = this._scored();
    this._pinned = make("button", { type: "button", class: "chip", "aria-pressed": "false" }, words.pinned);
    this._pinned.addEventListener("click", () => this._change({ pinned: !this._filters.pinned }));
    this._text = make("input", { type: "search", "aria-label": words.searchIn, title: words.searchIn, placeholder: words.search, maxlength: "200", autocomplete: "off", spellcheck: "false" });
    this._text.addEventListener("input", () => {
      this._soon({ text: this._text.value.trim() });
    });
    this._clear = make("button", { type: "button", class: "chip plain", hidden: true }, words.clear);
    this._clear.addEventListener("click", () => {
      this._forget();
      this._changed({ camera: [], reason: [], zone: [], score: 0, pinned: false, text: "", trash: this._filters.trash });
      this.button.focus();
      if (!this.button.offsetParent) this._lists.camera.menu.button.focus();
    });
    this._all = make(
      "div",
      { class: "filters", id: "filters" },
      ...Object.values(this._lists).map(({ menu }) => menu.element),
      this._score.menu.element,
      this._pinned,
      make("label", { class: "search" }, icon("find"), this._text),
      this._clear,
    );
    /** On a narrow page it opens the others. */
    this.button = make("button", { type: "button", class: "chip some", "aria-expanded": "false", "aria-controls": "filters" });
    this.button.addEventListener("click", () => mark(this.button, "aria-expanded", String(this._all.classList.toggle("unfolded"))));
    this.element = this._all;
  }

  /** Type a text to be found. */
  search() {
    if (!this._text.offsetParent) this.button.click();
    this._text.focus();
    this._text.select();
  }

  /**
   * @param {import("./query.js").Filters} filters
   * @param {Object} facets As the API's: what there is to choose from.
   */
  show(filters, facets) {
    this._filters = filters;
    const score = this._wished.score ?? filters.score; // nobody's hand is moved
    const options = {
      camera: facets.cameras.map(({ id, name, clips }) => [id, name, clips]),
      reason: facets.reasons.map(({ reason, clips }) => [reason, say.reason(reason), clips]),
      zone: facets.zones.map(({ zone, clips }) => [zone, zone, clips]),
    };
    for (const [name, list] of Object.entries(this._lists)) this._fill(name, list, options[name]);
    this._score.input.value = String(Math.round(score * 100));
    this._sayScore(score);
    mark(this._pinned, "aria-pressed", String(filters.pinned));
    this._pinned.classList.toggle("on", filters.pinned);
    // What is being typed stays, also with a space at its end; what the address says comes in its place.
    const typed = this._wished.text ?? filters.text;
    if (this._text.value.trim() !== typed) this._text.value = typed;
    const on = filtering(filters);
    this._clear.hidden = !on;
    write(this.button, say.filtersOn(on));
    this.button.classList.toggle("on", on > 0);
  }

  /** Once somebody has typed or dragged to the end; with all that was wished meanwhile. */
  _soon(some) {
    Object.assign(this._wished, some);
    clearTimeout(this._typing);
    this._typing = setTimeout(() => this._change({}), TYPED_MS);
  }

  _change(some) {
    const all = { ...this._filters, ...this._wished, ...some };
    this._forget();
    this._changed(all);
  }

  _forget() {
    clearTimeout(this._typing);
    this._wished = {};
  }

  _list(name) {
    return { menu: new Menu(name), made: "" };
  }

  _fill(name, list, options) {
    const chosen = this._filters[name];
    const all = [...options, ...chosen.filter((value) => !options.some(([each]) => each === value)).map((value) => [value, value, 0])];
    const label = words[name];
    list.menu.element.hidden = name === "zone" && !all.length;
    list.menu.say(say.chosen(label, chosen.map((value) => all.find(([each]) => each === value)[1])), label, chosen.length > 0);
    const made = JSON.stringify(all);
    if (made !== list.made) {
      list.made = made;
      const rows = all.map(([value, text, clips]) => {
        const box = make("input", { type: "checkbox", value });
        box.addEventListener("change", () => this._choose(name, list.menu));
        return make("label", {}, box, make("span", {}, text), make("small", {}, clips ? say.counted(clips) : ""));
      });
      list.menu.panel.replaceChildren(...(rows.length ? rows : [make("p", {}, words.none)]));
    }
    for (const box of list.menu.panel.querySelectorAll("input")) box.checked = chosen.includes(box.value);
  }

  _choose(name, menu) {
    this._change({ [name]: [...menu.panel.querySelectorAll("input:checked")].map((box) => box.value) });
  }

  _scored() {
    const menu = new Menu("score");
    const input = make("input", { type: "range", min: "0", max: "95", step: "5", "aria-label": words.score });
    const told = make("output");
    menu.panel.append(told, input);
    input.addEventListener("input", () => {
      this._sayScore(Number(input.value) / 100);
      this._soon({ score: Number(input.value) / 100 });
    });
    return { menu, input, told };
  }

  _sayScore(score) {
    const { menu, input, told } = this._score;
    write(told, say.atLeast(score));
    mark(input, "aria-valuetext", say.atLeast(score));
    menu.say(score > 0 ? `${words.score}: ${say.atLeast(score)}` : words.score, words.score, score > 0);
  }

  /** No more of what was typed. */
  close() {
    this._forget();
    for (const { menu } of [...Object.values(this._lists), this._score]) menu.hide();
  }
}
