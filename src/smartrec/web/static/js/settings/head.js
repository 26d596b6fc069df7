/** Where the settings are kept, and what concerns all of them. */

import { make, write } from "../dom.js";
import { copyOf } from "../clip/copy.js";
import { sentence } from "../strings.js";
import { say, words } from "./strings.js";

export class Head {
  /** @param {() => void} reload Have the recorder take the file as it is. */
  constructor(reload) {
    this._reload = reload;
    this._file = make("p", { class: "file" });
    this.notices = make("div", { class: "notices" });
    this.element = make("header", { class: "head" }, make("h1", {}, words.title), this._file);
  }

  /**
   * @param {Object} served As the recorder told it.
   * @param {(key: string) => string} nameOf
   */
  show(served, nameOf) {
    const key = JSON.stringify([served.file, served.exists, served.why_not, served.mistakes, served.unloaded, served.pending]);
    if (key === this._shown) return;
    this._shown = key;
    write(this._file, served.exists ? say.kept(served.file) : say.made(served.file));
    this.notices.replaceChildren(...this._told(served, nameOf));
  }

  *_told({ writable, why_not: why, mistakes, unloaded, pending }, nameOf) {
    if (!writable) yield notice(words.readOnly, say.failed(why ?? ""));
    if (mistakes.length) yield notice(words.broken, words.brokenMore, list(mistakes.map(({ key, message }) => (key ? `${key}: ${message}` : sentence(message)))));
    else if (unloaded) yield notice(words.unloaded, words.unloadedMore, this._button());
    if (pending.length) yield notice(words.pendingTitle, `${pending.map(nameOf).join(", ")}. ${words.pendingMore}`, command());
  }

  _button() {
    const button = make("button", { type: "button", class: "act" }, words.take);
    button.addEventListener("click", () => this._reload());
    return button;
  }
}

const notice = (title, text, ...more) => make("div", { class: "notice" }, make("p", {}, make("strong", {}, title), make("span", {}, text)), ...more);
const list = (lines) => make("ul", {}, ...lines.map((line) => make("li", {}, line)));

/** What starts it anew. */
function command() {
  const code = make("code", {}, words.start);
  return make("p", { class: "start" }, code, copyOf(code));
}
