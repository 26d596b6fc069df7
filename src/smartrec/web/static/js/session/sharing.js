/** Sharing one clip: links to it that end, and can be taken back. */

import { Refused, get, send } from "../api.js";
import { copyOf } from "../clip/copy.js";
import { make, mark, write } from "../dom.js";
import { instead, lengths, tell, words } from "./strings.js";

const USUAL_H = 24;
const HERE = /^(localhost|127\.|\[::1\])/;

/** @typedef {{key: string, token: string, by: string, expires_ms: number}} Link */

export class Sharing {
  /** @param {string} id Of the clip. */
  constructor(id) {
    this._id = id;
    const choices = lengths.map(([hours, text]) => make("label", {}, make("input", { type: "radio", name: "hours", value: String(hours), checked: hours === USUAL_H }), make("span", {}, text)));
    this._link = make("p", { class: "digest" });
    this._made = make("div", { class: "made", hidden: true }, this._link, copyOf(this._link));
    this._answer = make("p", { class: "answer", role: "status" });
    this._list = make("ol");
    this._links = make("section", { hidden: true, "aria-labelledby": "share-links" }, make("h3", { id: "share-links" }, words.links), this._list);
    const form = make(
      "form",
      {},
      make("h2", { id: "share-title" }, words.shareTitle),
      make("p", { class: "soft" }, words.shareNote),
      make("p", { class: "soft", hidden: !HERE.test(location.hostname) }, words.here),
      make("fieldset", {}, make("legend", {}, words.works), ...choices),
      make("button", { type: "submit", class: "act" }, words.makeLink),
      this._made,
      this._answer,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._make(new FormData(form).get("hours"));
    });
    const close = make("button", { type: "button", class: "act" }, words.close);
    close.addEventListener("click", () => this.close());
    this._dialog = make("dialog", { class: "sharing", "aria-labelledby": "share-title" }, form, this._links, close);
    this._dialog.addEventListener("click", (event) => event.target === this._dialog && this.close());
    this._dialog.addEventListener("close", () => this._dialog.remove());
  }

  /** Let somebody share. */
  open() {
    (document.fullscreenElement ?? document.body).append(this._dialog);
    this._dialog.showModal();
    this._read();
  }

  /** Away with it. */
  close() {
    this._dialog.close();
  }

  async _make(hours) {
    const made = await this._ask(() => send("POST", "shares", { clip: this._id, hours: Number(hours) }));
    if (!made) return;
    this._tell("", words.made);
    this._show(made);
    await this._read();
  }

  /** @param {Link} link */
  _show({ token }) {
    write(this._link, `${location.origin}${location.pathname}#share/${token}`);
    this._made.hidden = false;
    this._made.querySelector("button").focus();
  }

  async _read() {
    const found = await this._ask(() => get("shares", new URLSearchParams({ clip: this._id })));
    if (!found) return;
    this._links.hidden = !found.shares.length;
    this._list.replaceChildren(...found.shares.map((link) => this._one(link)));
  }

  /** @param {Link} link */
  _one(link) {
    const { key, by, expires_ms: ends } = link;
    const show = make("button", { type: "button", class: "act small", "aria-label": tell.show(ends) }, words.show);
    show.addEventListener("click", () => this._show(link));
    const revoke = make("button", { type: "button", class: "act small", "aria-label": tell.revoke(ends) }, words.revoke);
    const row = make("li", {}, make("span", {}, tell.ends(ends, by)), show, revoke);
    revoke.addEventListener("click", async () => {
      if ((await this._ask(() => send("DELETE", `shares/${encodeURIComponent(key)}`).then(() => true))) === null) return;
      this._made.hidden = true;
      this._tell("", words.revoked);
      this._dialog.querySelector("input:checked").focus(); // the button is about to go
      await this._read();
    });
    return row;
  }

  async _ask(act) {
    try {
      return await act();
    } catch (error) {
      this._tell("warn", error instanceof Refused ? tell.refused(error.message, error.hint) : `${instead.away[0]}.`);
      return null;
    }
  }

  _tell(tone, text) {
    mark(this._answer, "data-tone", tone);
    this._answer.textContent = text; // also where it is the same as before: it is then said again
  }
}
