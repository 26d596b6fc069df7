/** Who may see the page, and what stands in its place for those who may not, or not yet. */

import * as api from "../api.js";
import { mark, memory } from "../dom.js";
import { Door } from "./door.js";
import { Session, sharedBy } from "./session.js";
import { instead, words } from "./strings.js";
import { Who } from "./who.js";

const AGAIN_MS = 2_000;
const WAIT_MS = 10_000;

export class Entrance {
  /**
   * @param {Object} page
   * @param {import("../link.js").Link} page.link
   * @param {() => void} page.show Somebody may see it.
   * @param {() => void} page.hide Nobody may; the door will stand in its place.
   * @param {() => void} page.changed What stands there says something else.
   * @param {(clip: string) => void} page.only This clip is all that may be seen.
   */
  constructor(page) {
    this._page = page;
    this._session = new Session();
    this._door = new Door((name, password) => this._enter(name, password));
    this._badge = new Who(() => this._session.leave());
    /** @type {?import("./session.js").Who} Who was let in last. */
    this._guest = null;
    this._entered = null;
    api.whenShut(() => this._knock());
    /** What a link of somebody who shared a clip holds; null: nobody did. */
    this.shared = sharedBy(location.hash);
  }

  /** @returns {boolean} */
  get shut() {
    return this._door.shut;
  }

  /** @returns {string} Of what stands in the place of the page. */
  get title() {
    return this._door.title;
  }

  /** @returns {boolean} Whether the server said that whoever looks may do so. */
  get inside() {
    return this._session.inside;
  }

  /** @returns {?number} When the link to a clip ends, milliseconds since 1970. */
  get ends() {
    return this._session.who.expires_ms ?? null;
  }

  /** What is not known yet may be tried: the server knows. */
  may(scope) {
    return this.shared === null && (this._session.who === null || this._session.may(scope));
  }

  /** Begin. Where nobody has to log in, nothing waits for the answer to who it is. */
  begin() {
    addEventListener("hashchange", () => (this.shared ?? sharedBy(location.hash)) && location.reload());
    if (this.shared !== null) {
      this._follow();
      document.addEventListener("visibilitychange", () => document.hidden || this._followAgain());
      return;
    }
    mark(document.documentElement, "data-may", memory.get("may")); // as it was the last time
    if (memory.get("login") !== "needed") this._page.link.open();
    this.ask();
  }

  /** The page is shown. */
  open() {
    clearTimeout(this._patience);
    this._door.open();
  }

  /** @returns {Promise<boolean>} Whether the server said who looks at this page. */
  async ask() {
    try {
      await this._session.load();
    } catch (error) {
      if (error instanceof api.Refused) this._refuse(instead.refused(error), () => this.ask());
      else {
        this._admit(); // nobody answers: the page says so, and goes on trying
        if (!this._session.who) setTimeout(() => this.ask(), AGAIN_MS);
      }
      return false;
    }
    if (this._session.inside) this._admit();
    else this._refuse();
    return true;
  }

  /** Somebody may see the page. */
  _admit() {
    const { who } = this._session;
    if (who) {
      if (this._guest && (this._guest.name !== who.name || this._guest.scope !== who.scope)) {
        location.reload(); // nothing of another's stays
        return;
      }
      this._guest = who;
      memory.set("login", who.login_needed ? "needed" : "");
      memory.set("may", who.scope);
      mark(document.documentElement, "data-may", who.scope);
      this._badge.say(who);
    }
    if (!this._page.link.busy) this._page.link.open();
    this._page.show();
    this._entered?.done();
    this._entered = null;
  }

  /** Nobody may, or the one who might is not known: ask for the name, or say why not. */
  _refuse(why = null, again = () => this.ask()) {
    const { who } = this._session;
    this._page.link.shut();
    this._page.hide();
    clearTimeout(this._patience);
    if (!why && who.login_needed) this._door.ask(this._guest?.name ?? null);
    else {
      this._door.say(why ?? instead.nobody, [{ label: words.again, act: again }]);
      this._patience = setTimeout(again, WAIT_MS); // nobody may stand before it to press the button
    }
    this._page.changed();
  }

  async _enter(name, password) {
    await this._session.enter(name, password);
    this._admit();
  }

  /** The server lets nobody in who did not log in. @returns {Promise<void>} Until somebody did. */
  _knock() {
    if (!this._entered) {
      let done;
      this._entered = { promise: new Promise((resolve) => (done = resolve)), done };
      if (this.shared) this._ended();
      else this.ask();
    }
    return this._entered.promise;
  }

  /** Show the one clip that somebody shared. */
  async _follow() {
    mark(document.documentElement, "data-may", "view");
    mark(document.documentElement, "data-shared", "");
    try {
      await this._session.follow(this.shared);
    } catch (error) {
      const gone = error instanceof api.Refused && error.status < 500;
      if (gone) this._ended();
      else this._refuse(error instanceof api.Refused ? instead.refused(error) : instead.away, () => this._follow());
      return;
    }
    this._page.only(this._session.who.clip);
  }

  /** A browser keeps one link, and another tab may have come by another. */
  async _followAgain() {
    try {
      await this._session.follow(this.shared);
    } catch (error) {
      if (error.status === 404) this._ended();
    }
  }

  _ended() {
    this._page.hide();
    this._door.say(instead.ended, [{ label: words.login, href: "#" }]);
    this._page.changed();
  }
}
