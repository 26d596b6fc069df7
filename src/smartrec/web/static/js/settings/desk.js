/** Between the form and the recorder: reads the settings, has changes checked, saves them. No DOM. */

import { Draft } from "./draft.js";
import { Form } from "./form.js";

const AGAIN_MS = 3_000;
const SAVED_WITHIN_MS = 60_000; // a camera that hangs is waited for

export class Desk {
  /**
   * @param {import("../api.js")} api
   * @param {Object} told
   * @param {(first: boolean) => void} told.served How things stand in `served`, or stand now.
   * @param {(error: Error) => void} told.unread Nothing is known yet.
   * @param {() => void} told.checked `mistakes` and `effects` are of what is changed now.
   * @param {(error: Error) => void} told.refused By the check, or when it was saved.
   * @param {(answer: Object) => void} told.saved
   * @param {?Draft} [left] Changes to go on with.
   */
  constructor(api, told, left = null) {
    this._api = api;
    this._told = told;
    this._left = left;
    /** @type {?Draft} Once it is known what there is. */
    this.draft = null;
    /** @type {?Object} As the recorder told it last. */
    this.served = null;
    /** @type {{key: ?string, message: string}[]} */
    this.mistakes = [];
    /** @type {{key: string, change: string}[]} */
    this.effects = [];
    this.saving = false;
    this._turn = 0;
    this._saves = 0;
    this._done = null;
    this._closed = false;
  }

  /** Ask how things stand; what is changed here stays. */
  async load() {
    if (this._loading || this._closed) {
      this._once = this._loading;
      return;
    }
    this._loading = true;
    clearTimeout(this._again);
    try {
      const form = this.draft ? null : new Form(await this._api.get("settings/form"));
      const saves = this._saves;
      const served = await this._api.get("settings");
      if (this._closed) return;
      if (saves !== this._saves) {
        this._once = true; // it may be from before
        return;
      }
      this.served = served;
      if (form) this._begin(form);
      this._done?.();
      this._done = null;
      this.draft.serve(this.served);
      this._told.served(form !== null);
      this.soon(0);
    } catch (error) {
      if (!this._closed) this._unread(error);
    } finally {
      this._loading = false;
      if (this._once) setTimeout(() => this.load());
      this._once = false;
    }
  }

  _begin(form) {
    this.draft = this._left ?? new Draft(form);
    this._api.get("facets").then(
      ({ cameras }) => (this.draft.taken = cameras.map(({ id }) => id)),
      (error) => console.debug("no facets", error), // clips of a camera that is gone are then not known
    );
  }

  _unread(error) {
    if (this.draft) {
      console.debug("settings are as they were", error); // what is wrong is told when they are saved
      return;
    }
    this._told.unread(error);
    if (error.status !== 403) this._again = setTimeout(() => this.load(), AGAIN_MS);
  }

  /** Have it checked, once nothing was changed for so many milliseconds. @param {number} milliseconds */
  soon(milliseconds) {
    clearTimeout(this._typing);
    this._typing = setTimeout(() => this._check(), milliseconds);
  }

  async _check() {
    const changes = this.draft.changes();
    const turn = ++this._turn;
    try {
      const found = changes.length ? await this._api.send("POST", "settings/check", { digest: this.served.digest, changes }) : { mistakes: [], effects: [] };
      if (turn === this._turn && !this._closed) this._know(found);
    } catch (error) {
      if (turn !== this._turn || this._closed) return;
      if (error.status && error.status !== 401) this._told.refused(error);
      else console.debug("not checked", error); // it is checked again before it is saved
    }
  }

  _know({ mistakes, effects }) {
    Object.assign(this, { mistakes, effects });
    this._told.checked();
  }

  /** Save what is changed, and see what came of it. */
  async save() {
    if (this.saving || !this.draft.count) return;
    clearTimeout(this._typing);
    this._turn += 1; // what is on its way was asked before
    this.saving = true;
    const done = this.draft.asked();
    try {
      const answer = await this._api.send("PATCH", "settings", { digest: this.served.digest, changes: this.draft.changes() }, undefined, SAVED_WITHIN_MS);
      this.saving = false;
      this._saves += 1;
      this.served = { ...this.served, digest: answer.digest };
      this._done = done; // it stays as it was typed until it is known how it is written
      this._told.saved(answer);
    } catch (error) {
      this.saving = false;
      const mistakes = error.status === 422 && error.body?.mistakes;
      if (mistakes?.length) this._know({ mistakes, effects: [] });
      else this._told.refused(error);
      if (error.status) return;
    }
    await this.load();
  }

  /** Have the recorder take the file as it is. */
  async reload() {
    try {
      this._told.saved(await this._api.send("POST", "settings/reload", {}, undefined, SAVED_WITHIN_MS));
    } catch (error) {
      this._told.refused(error);
    }
    await this.load();
  }

  /** Leave all as it was. */
  discard() {
    this.draft.discard();
    this._turn += 1;
    this._know({ mistakes: [], effects: [] });
  }

  /** Ask nothing more. */
  close() {
    this._closed = true;
    for (const timer of [this._typing, this._again]) clearTimeout(timer);
  }
}
