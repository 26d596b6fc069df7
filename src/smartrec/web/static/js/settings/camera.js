/** One camera: its settings in groups, its zones, and that it may be taken out. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { Row } from "./row.js";
import { groups, otherGroup, say, sources, words } from "./strings.js";

/** Of which sources' sorts a setting is; of all others it says nothing. */
const OF_SORT = {
  "camera.transport": /^rtsps?:/,
  "camera.loop": /^file:/,
  "camera.power_cycle": /^usb/,
  "camera.controls": /^usb/,
};
const ZONES = "camera.zone";

let count = 0;

export class CameraCard {
  /**
   * @param {import("./draft.js").CameraDraft} camera
   * @param {import("./draft.js").Draft} draft
   * @param {Object} told
   * @param {() => void} told.changed
   * @param {() => void} told.removed It is to be taken out, or to stay after all.
   */
  constructor(camera, draft, told) {
    count += 1;
    Object.assign(this, { camera, _draft: draft, _told: told, _open: false, _searching: false });
    this.rows = draft.form.camera.map((field) => new Row({ field, camera }, draft, told.changed));
    this._zones = zonesRow();
    this._groups = this._grouped();
    this._body = make("div", { class: "rows", id: `camera-${count}` }, ...this._groups.map(({ element }) => element));
    this._name = make("span", { class: "camera-name" });
    this._sort = make("span", { class: "sort" });
    this._fold = make("button", { type: "button", class: "fold", "aria-controls": this._body.id }, icon("newer"), this._name, this._sort);
    this._fold.addEventListener("click", () => this.open(!this._open));
    this._state = make("span", { class: "tag" });
    this._keep = make("button", { type: "button", class: "act small" }, words.keep);
    this._keep.addEventListener("click", () => this._removes(false));
    this._remove = make("button", { type: "button", class: "tool" }, icon("remove"));
    this._remove.addEventListener("click", () => this._removes(true));
    this._note = make("p", { class: "note", hidden: true }, words.isRemoved);
    this._wrong = make("p", { class: "wrong", hidden: true });
    this.element = make("article", { class: "card camera", "data-camera": camera.id }, make("header", {}, make("h3", {}, this._fold), this._state, this._keep, this._remove), this._note, this._wrong, this._body);
    this.open(false);
  }

  _grouped() {
    const left = new Set(this.rows);
    const named = groups.map(([name, keys]) => {
      const rows = keys.flatMap((key) => (key === ZONES ? [this._zones] : this.rows.filter((row) => row.place.field.key === key)));
      for (const row of rows) left.delete(row);
      return group(name, rows);
    });
    return left.size ? [...named, group(otherGroup, [...left])] : named;
  }

  /** What it is called. */
  get name() {
    return this._value("camera.name") || this._value("camera.id") || words.unnamed;
  }

  _value(key) {
    return this._draft.value({ field: this._draft.form.field(key), camera: this.camera });
  }

  /** @param {boolean} open Whether its settings are seen. */
  open(open) {
    this._open = open;
    this._fit();
  }

  _fit() {
    const shown = (this._open || this._searching) && !this.camera.removed;
    this._body.hidden = !shown;
    mark(this._fold, "aria-expanded", String(shown));
  }

  /** @param {string} text What is wrong with the camera as a whole. */
  tell(text) {
    write(this._wrong, text);
    this._wrong.hidden = !text;
  }

  /** Show what there is to be. @param {Object} seen @param {boolean} seen.readOnly @param {{name: string, kind: string}[]} seen.zones */
  show({ readOnly, zones }) {
    const { camera } = this;
    const source = this._value("camera.source");
    for (const row of this.rows) row.show(readOnly);
    write(this._name, this.name);
    write(this._sort, sort(source, this._value("camera.size"), this._value("camera.fps")));
    this._state.hidden = !camera.added;
    write(this._state, words.newCamera);
    mark(this.element, "data-state", camera.added ? "added" : camera.removed ? "removed" : null);
    this._keep.hidden = !camera.removed;
    this._note.hidden = !camera.removed;
    this._remove.hidden = camera.removed || readOnly || !this._draft.removable(camera);
    for (const name of ["aria-label", "title"]) mark(this._remove, name, camera.added ? words.drop : say.removeCamera(this.name));
    this._zones.show(camera, zones);
    this._fit();
  }

  /** @param {string[]} parts What is looked for; none: all. @returns {number} How many settings are it. */
  find(parts) {
    const whole = this.name.toLowerCase();
    const source = this._value("camera.source");
    const found = this.camera.removed ? [] : [...this.rows, this._zones].filter((row) => row.matches(parts.filter((part) => !whole.includes(part))));
    this._searching = parts.length > 0;
    for (const row of [...this.rows, this._zones]) row.element.hidden = !found.includes(row) || (!parts.length && this._foreign(row, source));
    for (const each of this._groups) each.element.hidden = each.rows.every((row) => row.element.hidden);
    this.element.hidden = parts.length > 0 && !found.length;
    this._fit();
    return parts.length ? found.length : 0;
  }

  /** It says nothing of such a source, and nobody says anything of it. */
  _foreign(row, source) {
    if (row === this._zones) return false;
    const { key } = row.place.field;
    const [, sort_] = Object.entries(OF_SORT).find(([above]) => key === above || key.startsWith(`${above}.`)) ?? [];
    return Boolean(sort_) && !sort_.test(source) && this._draft.origin(row.place) === "default" && !this._draft.changed(row.place) && !row.wrong;
  }

  _removes(removed) {
    if (removed) this._draft.remove(this.camera);
    else this._draft.keep(this.camera);
    this._told.removed();
    if (removed && !this.camera.added) this._keep.focus();
    else if (!removed) this._fold.focus();
  }
}

const group = (name, rows) => ({ rows, element: make("div", { class: "group" }, ...(name ? [make("h4", {}, name)] : []), ...rows.map(({ element }) => element)) });

/** Zones are drawn, not written. */
function zonesRow() {
  const told = make("span");
  const link = make("a", { class: "act small" }, words.draw);
  const element = make("div", { class: "setting", "data-key": ZONES }, make("div", { class: "called" }, make("span", { class: "label" }, words.zones)), make("div", { class: "value drawn" }, told, link), make("p", { class: "from" }));
  const searched = [words.zones, words.draw, ZONES].join(" ").toLowerCase();
  return {
    element,
    matches: (parts) => parts.every((part) => searched.includes(part)),
    explain: () => {},
    show: (camera, zones) => {
      write(told, camera.added ? words.drawLater : zones.length ? say.zones(zones) : words.noZones);
      link.hidden = camera.added;
      link.href = `#zones/${encodeURIComponent(camera.id)}`;
    },
  };
}

function sort(source, size, fps) {
  const [kind] = source.split(":");
  const name = { usb: source === "usb" ? "usb" : "device", rtsps: "rtsp" }[kind] ?? kind;
  return [sources[name]?.[0] ?? source, size && fps ? `${size}, ${fps} fps` : ""].filter(Boolean).join(" · ");
}
