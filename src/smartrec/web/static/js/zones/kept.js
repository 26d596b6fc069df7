/** The events of a day as the zones would have them: how many are kept, and which. */

import { pictureOf } from "../api.js";
import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { say, words } from "./strings.js";

const MOST = 400; // pictures in a row
const FILTERS = ["all", "kept", "dropped"];
const SIGNS = { kept: "tick", dropped: "cross", manual: "tick", unknown: "open" };

export class Kept {
  /**
   * @param {import("../api.js")} api
   * @param {import("./period.js").Period} period
   * @param {Object} told
   * @param {(id: ?string) => void} told.point Somebody looks at this one; null: at none.
   * @param {() => void} told.tries
   */
  constructor(api, period, told) {
    this._at = api.at;
    this._told = told;
    this._filter = "all";
    this._cards = new Map();
    this._count = make("p", { class: "count", role: "status" });
    this._buttons = FILTERS.map((filter) => {
      const button = make("button", { type: "button", "aria-pressed": String(filter === "all") });
      button.addEventListener("click", () => this._only(filter));
      return button;
    });
    this._try = make("button", { type: "button", class: "act small", title: words.tryTitle, hidden: true }, words.tryIt);
    this._try.addEventListener("click", told.tries);
    this._row = make("ol", { class: "row" });
    this._scroller = make("div", { class: "strip", tabindex: "0", role: "region", "aria-label": words.kept }, this._row);
    this._empty = make("p", { class: "empty" });
    this._notes = make("p", { class: "notes" });
    this._more = make("li", { class: "more" });
    this.element = make(
      "section",
      { class: "kept" },
      make("div", { class: "tools" }, make("h2", { class: "unseen" }, words.kept), this._count, make("div", { class: "units", role: "group", "aria-label": words.kept }, ...this._buttons), this._try, period.element),
      this._scroller,
      this._empty,
      this._notes,
    );
  }

  /** @param {boolean} triable Whether what is drawn can be compared with what is in force. */
  set triable(triable) {
    this._try.hidden = !triable;
  }

  /** @param {import("./trial.js").Trial} trial */
  show(trial) {
    this._trial = trial;
    const { clips } = trial;
    const [kept, dropped] = [trial.count("kept"), trial.count("dropped")];
    const first = trial.busy && !clips.length;
    this.element.classList.toggle("busy", trial.busy);
    write(this._count, first ? words.looking : clips.length ? say.count(kept, kept + dropped) : "");
    [clips.length, kept + trial.count("manual"), dropped].forEach((n, i) => write(this._buttons[i], say.shown([words.all, words.keptOnly, words.dropped][i], n)));
    const shown = clips.filter((clip) => this._meant(clip));
    this._fill(shown);
    write(this._empty, this._why(trial, clips, shown));
    this._empty.hidden = !this._empty.textContent;
    this._scroller.hidden = !shown.length;
    const notes = [trial.count("manual") && say.manual(trial.count("manual")), trial.count("unknown") && say.unknown(trial.count("unknown"))].filter(Boolean);
    write(this._notes, [...notes.map((note) => `${note}.`), clips.length ? words.known : ""].filter(Boolean).join(" "));
    this._notes.hidden = !clips.length;
  }

  _meant({ state }) {
    if (this._filter === "kept") return state === "kept" || state === "manual";
    return this._filter === "all" || state === this._filter;
  }

  _why({ error, busy }, clips, shown) {
    if (error) return error.status ? say.refused(error.message, error.hint) : words.away;
    if (busy || shown.length) return "";
    return clips.length ? words.nothingLike : words.nothing;
  }

  _only(filter) {
    this._filter = filter;
    FILTERS.forEach((each, i) => mark(this._buttons[i], "aria-pressed", String(each === filter)));
    this._scroller.scrollLeft = 0;
    this.show(this._trial);
  }

  /** Cards stay where they are: only what is new comes, only what is gone goes. */
  _fill(clips) {
    const meant = clips.slice(0, MOST);
    const ids = new Set(meant.map((clip) => clip.id));
    for (const [id, card] of this._cards) {
      if (ids.has(id)) continue;
      card.element.remove();
      this._cards.delete(id);
    }
    let place = this._row.firstElementChild;
    for (const clip of meant) {
      const card = this._cards.get(clip.id) ?? this._card(clip);
      card.show(clip);
      if (card.element === place) place = place.nextElementSibling;
      else this._row.insertBefore(card.element, place);
    }
    write(this._more, clips.length > MOST ? say.more(clips.length - MOST) : "");
    if (clips.length > MOST) this._row.append(this._more);
    else this._more.remove();
  }

  _card(clip) {
    const card = new Card(clip, this._at, this._told.point);
    this._cards.set(clip.id, card);
    return card;
  }
}

class Card {
  constructor(clip, at, point) {
    this._at = at;
    this._blank = make("span", { class: "blank" });
    this._picture = make("img", { alt: "", decoding: "async", loading: "lazy", hidden: true });
    this._picture.addEventListener("error", () => this._pictured(null));
    this._sign = make("span", { class: "sign" });
    this._state = make("span", { class: "state-of" });
    this._link = make("a", { href: `#clip/${encodeURIComponent(clip.id)}` }, make("span", { class: "thumb" }, this._blank, this._picture, this._sign), make("span", { class: "line" }, make("span", {}, say.time(clip.start_ms)), this._state));
    this.element = make("li", { "data-clip": clip.id }, this._link);
    this._link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && point(clip.id));
    this._link.addEventListener("pointerleave", () => point(null));
    this._link.addEventListener("focus", () => this._link.matches(":focus-visible") && point(clip.id));
    this._link.addEventListener("blur", () => point(null));
  }

  show(clip) {
    const path = pictureOf(clip);
    if (path !== this._path) this._pictured((this._path = path));
    if (clip.state === this._shown) return;
    this._shown = clip.state;
    mark(this.element, "data-state", clip.state);
    mark(this._link, "aria-label", say.event(clip));
    this._sign.replaceChildren(icon(SIGNS[clip.state]));
    write(this._state, say.state[clip.state]);
  }

  _pictured(path) {
    this._picture.hidden = !path;
    if (path) this._picture.src = String(this._at(path));
    write(this._blank, path ? "" : words.noPicture);
  }
}
