/** Where a camera's pictures come from: its kind, and what is written behind that. */

import { make, mark } from "../dom.js";
import { sources, words } from "./strings.js";

/** @implements {import("./controls.js").Control} */
export class Source {
  /** @param {import("./controls.js").Asked} asked */
  constructor({ id, changed }) {
    this._kind = make("select", { "aria-label": words.kind }, ...Object.entries(sources).map(([value, [name]]) => make("option", { value }, name)));
    this.input = make("input", { type: "text", autocomplete: "off", autocapitalize: "none", autocorrect: "off", spellcheck: "false", maxlength: "4096" });
    this.element = make("div", { class: "source" }, this._kind, this.input);
    this._kind.id = `${id}-kind`;
    this._kind.addEventListener("change", () => {
      this._fill("");
      if (!this.input.hidden) this.input.focus();
      changed();
    });
    this.input.addEventListener("input", changed);
    this._fill("");
  }

  /** @param {string} value */
  show(value) {
    if (value === this.value()) return;
    const [kind, text] = read(value ?? "");
    this._kind.value = kind;
    this._fill(text);
  }

  _fill(text) {
    const [, form] = sources[this._kind.value];
    this.input.value = text;
    this.input.hidden = !form;
    mark(this.input, "placeholder", form);
  }

  /** @returns {string} */
  value() {
    const text = this.input.value.trim();
    const kind = this._kind.value;
    if (kind === "device") return `usb:${text}`;
    if (kind === "file") return `file:${text}`;
    return kind === "rtsp" ? text : kind;
  }

  /** @param {boolean} locked */
  lock(locked) {
    this._kind.disabled = this.input.disabled = locked;
  }
}

function read(value) {
  if (value === "usb" || value === "demo") return [value, ""];
  if (value.startsWith("usb:")) return ["device", value.slice(4)];
  if (value.startsWith("file:")) return ["file", value.slice(5)];
  return ["rtsp", value];
}
