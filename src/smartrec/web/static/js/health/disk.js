/** The disk: what is on it, and how long there is room. */

import { make, write } from "../dom.js";
import { say, words } from "./strings.js";

const PARTS = ["clips", "other", "free", "spare"];

export class Disk {
  constructor() {
    this._forecast = make("p", { class: "forecast" });
    this._room = make("p", { class: "soft" });
    this._parts = new Map(PARTS.map((part) => [part, make("i", { "data-part": part })]));
    this._bar = make("div", { class: "track", role: "img" }, ...this._parts.values());
    this._legend = make("ul", { class: "legend" });
    this._rows = make("tbody");
    const heads = [words.camera, words.clips, words.size, words.perDay].map((each) => make("th", { scope: "col" }, each));
    this._table = make("table", { hidden: true }, make("thead", {}, make("tr", {}, ...heads)), this._rows);
    this._body = make("div", { class: "body" }, this._forecast, this._room, this._bar, this._legend, this._table);
    this.element = make("section", { class: "card disk", "aria-labelledby": "health-disk" }, make("header", {}, make("h2", { id: "health-disk", tabindex: "-1" }, words.disk)), this._body);
    this._bar.hidden = true;
  }

  /** @param {Object} disk As the API has it. @param {number} now Milliseconds since 1970. */
  show(disk, now) {
    const { total, free, clips_bytes: taken, clips, limits, per_day_bytes: rate } = disk;
    write(this._forecast, `${say.forecast(disk, now)}.`);
    const known = total !== null && free !== null;
    write(this._room, [known ? say.room(free, total) : "", rate === null ? "" : say.perDay(rate)].filter(Boolean).join(", "));
    this._bar.hidden = !known;
    if (known) this._fill({ clips: taken, other: Math.max(0, total - free - taken), free: Math.max(0, free - limits.min_free_bytes), spare: Math.min(free, limits.min_free_bytes) }, total, clips);
    this._legend.hidden = !known;
    this._cameras(disk.cameras);
  }

  /** It could not be asked. */
  unread() {
    if (!this._forecast.textContent) write(this._room, words.unread);
  }

  _fill(parts, total, clips) {
    for (const [part, element] of this._parts) element.style.flexGrow = String(parts[part] / total);
    const key = JSON.stringify([parts, clips].flat(), (_, value) => (typeof value === "number" ? say.bytes(value) : value));
    if (key === this._key) return;
    this._key = key;
    const lines = PARTS.filter((part) => parts[part] > 0 || part === "clips").map((part) => [part, part === "clips" ? say.clips(clips, parts.clips) : `${words[part]} ${say.bytes(parts[part])}`]);
    this._legend.replaceChildren(...lines.map(([part, text]) => make("li", {}, make("i", { "data-part": part }), text)));
    this._bar.setAttribute("aria-label", lines.map(([, text]) => text).join(", "));
  }

  _cameras(cameras) {
    this._table.hidden = cameras.length < 2;
    const rows = cameras.map(({ name, clips, bytes, per_day_bytes: rate }) => [name, say.count(clips), say.bytes(bytes), say.day(rate)]);
    const key = JSON.stringify(rows);
    if (key === this._shown) return;
    this._shown = key;
    this._rows.replaceChildren(...rows.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((each) => make("td", {}, each)))));
  }
}
