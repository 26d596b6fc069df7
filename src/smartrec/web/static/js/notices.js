/** What concerns the whole recorder or this page, told above the pictures until it is over. */

import { byId, make, write } from "./dom.js";

export class Notices {
  constructor() {
    this._place = byId("notices");
    /** @type {Map<string, HTMLElement>} */
    this._shown = new Map();
  }

  /**
   * @param {string} subject One notice each.
   * @param {string} [title] Without one, the notice goes.
   * @param {string} [text]
   * @param {string} [hint]
   * @param {{label: string, act: () => void}} [button]
   */
  tell(subject, title, text = "", hint = "", button = undefined) {
    if (!title) {
      this._shown.get(subject)?.remove();
      this._shown.delete(subject);
      return;
    }
    const notice = this._shown.get(subject) ?? this._new(subject, button);
    const [first, second, third] = notice.firstElementChild.children;
    write(first, title);
    write(second, text ?? "");
    write(third, hint ?? "");
  }

  _new(subject, button) {
    const words = make("p", {}, make("strong"), make("span"), make("span", { class: "hint" }));
    const notice = make("div", { class: "notice", "data-subject": subject }, words);
    if (button) {
      const made = make("button", { class: "act", type: "button" }, button.label);
      made.addEventListener("click", button.act);
      notice.append(made);
    }
    this._place.append(notice);
    this._shown.set(subject, notice);
    return notice;
  }
}
