/** What clip it is: camera, when, how it ended; and the ways to others. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { stateOf, tell, words } from "./strings.js";

export class Head {
  /**
   * @param {string} events Address of the list that one came from.
   * @param {?string} alone There is nothing but this clip: until when.
   */
  constructor(events, alone) {
    this._name = make("h1", {}, words.clip);
    this._when = make("p", { class: "when" });
    this._state = make("p", { class: "ended", hidden: true });
    this._older = make("a", { class: "tool", "aria-keyshortcuts": "[" }, icon("older"));
    this._newer = make("a", { class: "tool", "aria-keyshortcuts": "]" }, icon("newer"));
    const back = make("a", { class: "back", href: events }, icon("older"), make("span", {}, words.events));
    const title = make("div", { class: "title" }, this._name, this._when, this._state);
    const ways = make("div", { class: "ways" }, this._older, this._newer);
    this.element = make("header", { class: "clip-head" }, ...(alone === null ? [back, title, ways] : [title, make("p", { class: "until" }, alone)]));
  }

  /**
   * @param {Object} detail
   * @param {(id: string) => string} addressOf Another clip's.
   */
  show(detail, addressOf) {
    const start = new Date(detail.start_ms);
    const end = detail.duration_s === null ? null : new Date(detail.start_ms + 1000 * detail.duration_s);
    write(this._name, detail.camera_name);
    this._when.replaceChildren(
      make("span", {}, tell.day(start)),
      make("strong", {}, tell.when(start, end)),
      ...(detail.duration_s === null ? [] : [make("span", { class: "length" }, tell.length(detail.duration_s))]),
      ...(detail.persons ? [make("span", { class: "persons" }, `${tell.persons(detail.persons)}${detail.score ? `, ${tell.best(detail.score)}` : ""}`)] : []),
      ...(detail.part > 1 ? [make("span", {}, tell.part(detail.part))] : []),
    );
    const [tone, text] = stateOf(detail.state);
    this._state.hidden = !text;
    mark(this._state, "data-tone", tone);
    write(this._state, text);
    this._way(this._older, detail.older, words.older, "[", addressOf);
    this._way(this._newer, detail.newer, words.newer, "]", addressOf);
  }

  _way(link, id, label, key, addressOf) {
    mark(link, "href", id ? addressOf(id) : null);
    mark(link, "aria-disabled", id ? null : "true");
    mark(link, "role", id ? null : "link");
    mark(link, "aria-label", label);
    mark(link, "title", `${label} (${key})`);
  }
}
