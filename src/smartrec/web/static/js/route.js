/**
 * Which view is shown: the part of the address after `#` says it. `#` is live, `#events?camera=…`
 * the list and timeline, `#clip/ID?…` one clip, `#settings` all settings (`#settings/recording` begins there),
 * `#zones/CAMERA` where persons count in a camera's picture, `#replay` changes of both tried on what was recorded,
 * `#health` how the recorder is doing.
 *
 * Live is there from the start; the code of the others is loaded when they are first asked for.
 */

/**
 * @typedef {Object} Parameters What the address says beside the name of the view.
 * @property {string} id After the slash; "" where there is none.
 * @property {URLSearchParams} query After the question mark.
 *
 * @typedef {Object} View
 * @property {() => void} unmount Let go of everything; the root is emptied afterwards.
 * @property {(parameters: Parameters) => void} [update] The address changed within this view.
 * Without it the view is mounted anew.
 * @property {(to: {name: string} & Parameters) => boolean|Promise<boolean>} [leave] Whether one may go where the
 * address leads now, another view or another part of this one; it may ask. If not, the address becomes again what it was.
 * @property {import("./keys.js").Keys} [keys] Heard while this view is shown.
 * @property {string} [title] Of the document, before the program's name; may change.
 *
 * @typedef {Object} Context What a view has of the page; see app.js.
 * @property {import("./api.js")} api
 * @property {{listen: (told: (kind: string, data: Object, moment: Date) => void) => () => void}} link
 * Tells facts and states by the middle of their type, such as "clip.ready"; "clip.changed" {clip_id,
 * clip} of pins, notes and the trash; and "hello" after each (new) connection, when anything may have
 * changed meanwhile. Answers how to end it.
 * @property {import("./clock.js").ServerClock} clock
 * @property {(text: string) => void} announce To those who do not see.
 * @property {import("./notices.js").Notices} notices
 * @property {(hash: string, replace?: boolean) => void} go To "#clip/…" or another; `replace` makes
 * no step for the back button, and tells the view nothing if it is its own address that changes.
 * @property {() => import("./cameras.js").Camera[]} cameras
 * @property {(scope: import("./session/session.js").Scope) => boolean} may Whether whoever looks may do
 * what needs it; elements that are marked with `data-needs` are not seen by others.
 * @property {() => ?{ends: ?number}} shared Who looks has a link to this clip alone; when that ends,
 * milliseconds since 1970.
 */

const LOADED = {
  events: () => import("./events/view.js"),
  clip: () => import("./clip/view.js"),
  settings: () => import("./settings/view.js"),
  zones: () => import("./zones/view.js"),
  replay: () => import("./replay/view.js"),
  health: () => import("./health/view.js"),
};
const HASH = /^#([a-z]+)(?:\/([^?]*))?(?:\?(.*))?$/;

/**
 * @param {string} hash
 * @returns {{name: string} & Parameters} "live" where nothing else is meant.
 */
export function parse(hash) {
  const [, name = "live", id = "", query = ""] = HASH.exec(hash) ?? [];
  const known = Object.hasOwn(LOADED, name);
  return { name: known ? name : "live", id: known ? decoded(id) : "", query: new URLSearchParams(known ? query : "") };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody's own address; it will not be found
  }
}

export class Router {
  /**
   * @param {HTMLElement} place Where the views that are loaded live.
   * @param {Object} told
   * @param {(name: string, view: ?View) => void} told.shown Another view is shown; null: live.
   * @param {(error: Error) => void} told.failed Its code could not be loaded.
   * @param {Context} context
   */
  constructor(place, told, context) {
    this._place = place;
    this._told = told;
    this._context = { ...context, go: (hash, replace) => this.go(hash, replace) };
    /** @type {?View} */
    this.view = null;
    this._name = null;
    this._hash = null;
    this._turn = 0;
    this._steps = 0;
    /** @type {?{name: string} & Parameters} Shown whatever the address says. */
    this.only = null;
    addEventListener("hashchange", () => this._moved());
  }

  /**
   * @param {string} hash
   * @param {boolean} [replace]
   */
  go(hash, replace = false) {
    if (replace) {
      history.replaceState(history.state, "", hash);
      if (parse(hash).name === this._name) this._hash = location.hash;
      if (parse(hash).name !== this._name) this.show();
    } else if (location.hash !== hash) location.hash = hash;
  }

  /** The name of the view that is asked for. */
  get asked() {
    return (this.only ?? parse(location.hash)).name;
  }

  /** Somebody went elsewhere, if the view lets them. */
  async _moved() {
    const turn = ++this._turn;
    const to = this.only ?? parse(location.hash);
    const asks = location.hash !== this._hash && this.view?.leave;
    if (asks && !(await this.view.leave(to))) {
      if (turn === this._turn) this._stay();
    } else if (turn === this._turn) this.show();
  }

  /** Take the address back to what is shown, by the way that it came. */
  _stay() {
    const there = history.state?.step;
    if (there) history.go(this._steps - there);
    else history.back();
  }

  /** Each address that is shown has its number, so that it is known which way one came. */
  _number() {
    const { step } = history.state ?? {};
    this._steps = step ?? this._steps + 1;
    if (step === undefined) history.replaceState({ ...history.state, step: this._steps }, "");
  }

  /** Show what the address says. */
  async show() {
    const { name, ...parameters } = this.only ?? parse(location.hash);
    const turn = ++this._turn; // while code is loaded one may go elsewhere
    this._number();
    const other = location.hash !== this._hash; // one may have turned back on the way to another view
    if (name === this._name && (name === "live" || this.view?.update || !other)) {
      this._hash = location.hash;
      if (other) this.view?.update(parameters);
      return;
    }
    let module = null;
    try {
      module = await LOADED[name]?.();
    } catch (error) {
      if (turn === this._turn) this._told.failed(error);
      return;
    }
    if (turn === this._turn) this._mount(name, module, parameters);
  }

  _mount(name, module, parameters) {
    this.view?.unmount();
    this._place.replaceChildren();
    this._place.dataset.view = name;
    this._name = name;
    this._hash = location.hash;
    this.view = null;
    this._told.shown(name, null); // it is measured while it is shown
    if (!module) return;
    this.view = module.mount(this._place, parameters, this._context);
    this._told.shown(name, this.view);
  }
}
