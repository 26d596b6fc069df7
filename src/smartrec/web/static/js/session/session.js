/** Who looks at this page, and what that one may do. It is the server that decides, with each request. */

import { get, send } from "../api.js";

const SCOPES = ["view", "record", "admin"];

/**
 * @typedef {"view"|"record"|"admin"} Scope Each includes those before it.
 *
 * @typedef {Object} Who
 * @property {boolean} login_needed There are users.
 * @property {?string} name
 * @property {?string} kind open, user, proxy, certificate or share.
 * @property {?Scope} scope null: nobody is let in.
 * @property {?string} clip That alone may be seen.
 * @property {?number} expires_ms When it is over; of a share.
 */

export class Session {
  constructor() {
    /** @type {?Who} null: it is not known yet. */
    this.who = null;
  }

  /** Whether the page may be shown. */
  get inside() {
    return Boolean(this.who?.scope) && this.who.kind !== "share";
  }

  /** @param {Scope} scope */
  may(scope) {
    return SCOPES.indexOf(this.who?.scope) >= SCOPES.indexOf(scope);
  }

  /** Ask the server; one question at a time. */
  load() {
    this._loading ??= get("session")
      .then((who) => (this.who = who))
      .finally(() => (this._loading = null));
    return this._loading;
  }

  /**
   * @param {string} name
   * @param {string} password
   */
  async enter(name, password) {
    this.who = await send("POST", "session", { name, password });
  }

  /** Log out. */
  async leave() {
    await send("DELETE", "session");
  }

  /** @param {string} token Of a link that somebody shared. */
  async follow(token) {
    this.who = await send("POST", "session/share", { token });
  }
}

/**
 * @param {string} hash
 * @returns {?string} The token of a link that somebody shared.
 */
export const sharedBy = (hash) => /^#share\/([^?/]+)/.exec(hash)?.[1] ?? null;
