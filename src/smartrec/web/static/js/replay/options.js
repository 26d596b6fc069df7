/** On which events it is tried: of what time, of which camera, and how they are looked at. */

import { make, mark, write } from "../dom.js";
import { unitAt } from "../events/scale.js";
import { words } from "./strings.js";

const HOUR_MS = 3_600_000;
const PERIODS = ["hour", "last", "day", "all"];

/**
 * @typedef {Object} Chosen
 * @property {"hour"|"last"|"day"|"all"} period
 * @property {?number} day Any moment of it.
 * @property {?string} camera Id.
 * @property {boolean} again
 */

let count = 0;

export class Options {
  /**
   * @param {Chosen} chosen
   * @param {boolean} needed Whether the detector must look again.
   * @param {{id: string, name: string}[]} cameras
   * @param {() => number} now Milliseconds since 1970.
   * @param {() => void} changed
   */
  constructor(chosen, needed, cameras, now, changed) {
    count += 1;
    Object.assign(this, { chosen, _needed: needed, _now: now, _changed: changed });
    this._buttons = PERIODS.map((period) => {
      const button = make("button", { type: "button" }, words[period]);
      button.addEventListener("click", () => this._set({ period }));
      return button;
    });
    this._date = make("input", { type: "date", "aria-label": words.date });
    this._date.addEventListener("change", () => this._dated());
    this._camera = make("select", { id: `replay-camera-${count}` });
    this._camera.append(option("", words.cameras), ...cameras.map(({ id, name }) => option(id, name)));
    this._camera.addEventListener("change", () => this._set({ camera: this._camera.value || null }));
    const field = make("div", { class: "field" }, make("label", { for: this._camera.id }, words.camera), this._camera);
    field.hidden = cameras.length < 2;
    this.element = make(
      "section",
      { class: "options", "aria-labelledby": `replay-on-${count}` },
      make("h2", { id: `replay-on-${count}` }, words.on),
      make("div", { class: "units", role: "group", "aria-label": words.period }, ...this._buttons),
      this._date,
      field,
      this._switch(),
    );
    this._show();
  }

  _switch() {
    this._again = make("input", { type: "checkbox", role: "switch", id: `replay-again-${count}`, "aria-describedby": `replay-again-more-${count}` });
    this._again.disabled = this._needed;
    this._again.addEventListener("change", () => this._set({ again: this._again.checked }));
    const more = make("p", { class: "soft", id: `replay-again-more-${count}` }, this._needed ? words.againNeeded : words.againMore);
    return make("div", { class: "again" }, make("label", { for: this._again.id }, this._again, make("span", {}, words.again)), more);
  }

  /** @returns {{camera?: string, from_ms: number, to_ms: number, again: boolean}} As the API has it. */
  get asked() {
    const { from, to } = this._range;
    const { camera, again } = this.chosen;
    return { ...(camera && { camera }), from_ms: Math.max(0, Math.round(from)), to_ms: Math.round(to), again: again || this._needed };
  }

  get _range() {
    const { period, day } = this.chosen;
    const to = this._now();
    if (period === "day") return unitAt(day ?? to, "day");
    return { from: period === "all" ? 0 : to - (period === "hour" ? 1 : 24) * HOUR_MS, to };
  }

  _dated() {
    const [y, m, d] = this._date.value.split("-").map(Number);
    if (d) this._set({ day: new Date(y, m - 1, d).getTime() });
  }

  _set(some) {
    Object.assign(this.chosen, some);
    this._show();
    this._changed();
  }

  _show() {
    const { period, day, camera, again } = this.chosen;
    PERIODS.forEach((each, i) => mark(this._buttons[i], "aria-pressed", String(each === period)));
    this._date.hidden = period !== "day";
    const at = new Date(day ?? this._now());
    const two = (n) => String(n).padStart(2, "0");
    this._date.value = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    this._camera.value = camera ?? "";
    this._again.checked = again || this._needed;
  }
}

function option(value, text) {
  const made = make("option", { value });
  write(made, text);
  return made;
}
