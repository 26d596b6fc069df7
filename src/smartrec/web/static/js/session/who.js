/** The header's word on who is logged in, and the way out. */

import { byId, make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { Menu } from "../menu.js";
import { tell, words } from "./strings.js";

export class Who {
  /** @param {() => Promise<void>} leave */
  constructor(leave) {
    this._leave = leave;
    this._menu = new Menu("who");
    this._menu.button.classList.replace("chip", "tool");
    this._menu.button.prepend(icon("person"));
    this._name = make("strong");
    this._role = make("span");
    this._answer = make("p", { class: "answer", role: "alert" });
    this._out = make("button", { type: "button", class: "act" }, words.logout);
    this._out.addEventListener("click", () => this._go());
    this._menu.panel.append(make("p", {}, this._name, this._role), this._answer, this._out);
    this._menu.element.hidden = true;
    byId("help").after(this._menu.element);
  }

  /** @param {import("./session.js").Who} who */
  say({ name, kind, scope }) {
    const named = Boolean(name) && kind !== "open";
    this._menu.element.hidden = !named;
    if (!named) return;
    this._menu.say(name, tell.who(name), false);
    mark(this._menu.button, "aria-label", tell.who(name));
    mark(this._menu.button, "title", tell.who(name));
    write(this._name, name);
    write(this._role, tell.role(scope, kind));
    this._out.hidden = kind !== "user"; // who was let in otherwise would be let in again
  }

  async _go() {
    try {
      await this._leave();
      location.reload(); // nothing of what was seen stays
    } catch (error) {
      console.debug("not logged out", error);
      write(this._answer, words.stays);
    }
  }
}
