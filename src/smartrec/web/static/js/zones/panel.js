/** The zones as a list, and what can be said of the one that is chosen. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { named } from "./drawing.js";
import { figure, swatch } from "./figures.js";
import { anchors, kinds, mistakes, words } from "./strings.js";

export class Panel {
  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {boolean} editable
   * @param {Object} asked
   * @param {() => void} asked.draw A new zone.
   * @param {() => void} asked.remove The one that is chosen.
   */
  constructor(drawing, editable, asked) {
    this._drawing = drawing;
    this._editable = editable;
    this._new = make("button", { type: "button", class: "act draw" }, icon("more"), make("span", {}, words.draw), make("kbd", {}, "N"));
    this._new.addEventListener("click", asked.draw);
    this._new.hidden = !editable;
    this._sum = make("p", { class: "soft" });
    this._list = make("ol", { class: "zones-list" });
    this._rows = [];
    this._build(asked);
    this.element = make("section", { class: "list", "aria-labelledby": "zones-title" }, make("div", { class: "list-head" }, make("h2", { id: "zones-title" }, words.list), this._new), this._list, this._sum, this._own);
  }

  _build(asked) {
    this._name = make("input", { id: "zone-name", type: "text", maxlength: "32", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-describedby": "zone-wrong" });
    this._name.addEventListener("input", () => this._rename());
    this._wrong = make("p", { class: "wrong", id: "zone-wrong", role: "alert" });
    this._kinds = choice("kind", words.kind, Object.entries(kinds).map(([value, { name }]) => [value, [swatch(), make("span", {}, name)]]), (kind) => this._edit({ kind }));
    this._anchors = choice("anchor", words.anchor, Object.entries(anchors).map(([value, { name, help }]) => [value, [figure(value), make("span", {}, name)], help]), (anchor) => this._edit({ anchor }));
    const remove = make("button", { type: "button", class: "act remove" }, icon("remove"), make("span", {}, words.remove), make("kbd", {}, "Del"));
    remove.addEventListener("click", asked.remove);
    this._own = make("div", { class: "own", hidden: true }, make("div", { class: "named" }, make("label", { for: "zone-name" }, words.name), this._name, this._wrong), this._kinds.element, this._anchors.element, remove);
  }

  /** @param {Map<number, string>} refused What the recorder says is wrong, by zone. */
  show(refused) {
    const { zones, chosen, zone, mistakes: wrong } = this._drawing;
    while (this._rows.length > zones.length) this._rows.pop().element.remove();
    while (this._rows.length < zones.length) this._add();
    zones.forEach((each, index) => this._rows[index].show(each, index === chosen, wrong.has(index) || refused.has(index)));
    this._list.hidden = !zones.length;
    write(this._sum, this._summary(zones));
    this._own.hidden = !zone || !this._editable;
    if (!zone || !this._editable) return;
    if (this._name.value !== zone.name) this._name.value = zone.name;
    const mistake = mistakes[wrong.get(chosen)] ?? refused.get(chosen) ?? "";
    write(this._wrong, mistake);
    mark(this._name, "aria-invalid", mistake ? "true" : null);
    this._kinds.show(zone.kind);
    this._anchors.show(zone.anchor);
  }

  _summary(zones) {
    if (!zones.length) return this._editable ? words.noneMore : words.noneSeen;
    return zones.some((zone) => zone.kind === "include") ? words.someInclude : words.onlyExclude;
  }

  _add() {
    const index = this._rows.length;
    const row = new Row(() => this._drawing.choose(this._drawing.chosen === index ? -1 : index));
    this._rows.push(row);
    this._list.append(row.element);
  }

  _rename() {
    const name = named(this._name.value);
    if (name !== this._name.value) this._name.value = name;
    this._drawing.step(() => this._drawing.edit({ name }), `name ${this._drawing.chosen}`);
  }

  _edit(some) {
    this._drawing.step(() => this._drawing.edit(some));
  }
}

class Row {
  constructor(pick) {
    this._name = make("strong");
    this._what = make("span");
    this._button = make("button", { type: "button", class: "pick" }, swatch(), make("span", { class: "told" }, this._name, this._what));
    this._button.addEventListener("click", pick);
    this.element = make("li", {}, this._button);
  }

  show(zone, chosen, wrong) {
    write(this._name, zone.name || "–");
    write(this._what, kinds[zone.kind].row);
    mark(this.element, "data-kind", zone.kind);
    mark(this.element, "data-wrong", wrong ? "" : null);
    mark(this._button, "aria-pressed", String(chosen));
  }
}

/** Some that exclude each other, side by side: {element, show(value)}. */
function choice(name, label, options, chosen) {
  const inputs = new Map();
  const labels = options.map(([value, content, help = ""]) => {
    const input = make("input", { type: "radio", name: `zone-${name}`, value });
    input.addEventListener("change", () => chosen(value));
    inputs.set(value, input);
    return make("label", { "data-value": value, title: help }, input, ...content);
  });
  return {
    element: make("fieldset", { class: name }, make("legend", {}, label), make("div", {}, ...labels)),
    show: (value) => {
      if (!inputs.get(value).checked) inputs.get(value).checked = true;
    },
  };
}
