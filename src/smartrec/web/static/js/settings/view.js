/** All settings in a form that is made from the recorder's schema; checked while one types, saved to its file. */

import { make, memory, write } from "../dom.js";
import { icon } from "../icons.js";
import { carry, takeUp } from "../replay/plan.js";
import { sheet } from "../sheet.js";
import { sentence } from "../strings.js";
import { Bar } from "./bar.js";
import { CameraCard } from "./camera.js";
import { Contents } from "./contents.js";
import { Desk } from "./desk.js";
import { Head } from "./head.js";
import { leaves } from "../leaving.js";
import { prose } from "./prose.js";
import { Row } from "./row.js";
import { camerasHelp, camerasName, happened, keyHelp, say, sections as sectionWords, touching, words } from "./strings.js";
import { changesOf } from "./touched.js";
import { planOf, triable } from "./trying.js";

const TYPED_MS = 350;
const CAMERAS = "cameras";
const CONFLICT = 409;

await sheet("settings.css");

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} parameters `id` names the section to begin with, or "camera/ID".
 * @param {import("../route.js").Context} context
 * @returns {import("../route.js").View}
 */
export const mount = (root, parameters, context) => new Settings(root, parameters, context);

class Settings {
  constructor(root, { id }, context) {
    this._context = context;
    this._wanted = id;
    /** @type {Map<import("./draft.js").CameraDraft, CameraCard>} */
    this._cards = new Map();
    this._general = [];
    /** Of the document. */
    this.title = words.title;
    this._desk = new Desk(context.api, {
      served: (first) => this._served(first),
      unread: (error) => this._unread(error),
      checked: () => this._fill(),
      refused: (error) => this._refused(error),
      saved: (answer) => this._saved(answer),
    }, takeUp("settings"));
    this._build(root);
    this._deaf = context.link.listen((kind) => (kind === "hello" || kind === "settings.changed") && this._desk.load());
    this._unload = (event) => this._unsaved && event.preventDefault();
    this._pressed = (event) => this._hotkey(event);
    addEventListener("beforeunload", this._unload);
    document.addEventListener("keydown", this._pressed);
    this._desk.load();
  }

  _build(root) {
    this._explained = memory.get("settings.explain") === "on";
    this._contents = new Contents({ find: () => this._find(), explain: (on) => this._explain(on) }, this._explained);
    this._head = new Head(() => this._desk.reload());
    this._sections = make("div", { class: "sections" });
    this._bar = new Bar({ save: () => this._save(), discard: () => this._discard(), tries: () => this._context.go("#replay") });
    this._form = make("div", { class: "form", hidden: true }, this._head.element, this._head.notices, this._sections, this._bar.element);
    this._contents.element.hidden = true;
    this._slate = make("div", { class: "instead" }, make("h1", {}, words.loading), make("p"));
    this._scroller = make("div", { class: "settings" }, this._contents.element, this._form, this._slate);
    this._scrolled = () => this._spy();
    this._scroller.addEventListener("scroll", this._scrolled, { passive: true });
    addEventListener("scroll", this._scrolled, { passive: true }); // a narrow page scrolls as a whole
    root.append(this._scroller);
    this._sized = new ResizeObserver(this._scrolled);
    this._sized.observe(this._sections);
  }

  /** @returns {import("../keys.js").Keys} */
  get keys() {
    return { help: keyHelp, acts: { "/": () => this._contents.search() } };
  }

  /** @param {import("../route.js").Parameters} parameters */
  update({ id }) {
    this._go(id);
  }

  /** @param {{name: string}} to @returns {boolean|Promise<boolean>} */
  leave(to) {
    if (to.name === "settings" || !this._unsaved) return true;
    if (to.name !== "replay" || this._desk.saving || !triable(this._desk.draft)) return leaves(words.leaveTitle, say.leaveMore(this._desk.draft.count));
    carry(planOf(this._desk, (camera) => this._cards.get(camera).name), this._desk.draft);
    return true;
  }

  unmount() {
    removeEventListener("beforeunload", this._unload);
    removeEventListener("scroll", this._scrolled);
    document.removeEventListener("keydown", this._pressed);
    this._sized.disconnect();
    this._deaf();
    this._desk.close();
    this._contents.close();
    this._bar.close();
  }

  get _unsaved() {
    return Boolean(this._desk.draft?.count);
  }

  _hotkey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    if (document.querySelector("dialog[open]") || this._form.hidden) return;
    event.preventDefault();
    this._save();
  }

  _unread(error) {
    const nobody = error.status === 403;
    const [title, text] = this._slate.children;
    write(title, nobody ? words.nobody : words.unread);
    write(text, nobody ? words.nobodyMore : error.status ? say.failed(error.message, error.hint) : words.unreadMore);
  }

  /** It is known how things stand. */
  _served(first) {
    if (first) this._make();
    this._slate.hidden = true;
    this._form.hidden = this._contents.element.hidden = false;
    this._fill();
    this._head.show(this._desk.served, (key) => this._nameOf(key));
    if (first) this._go(this._wanted);
  }

  _make() {
    const { form } = this._desk.draft;
    const known = new Set(sectionWords.flatMap(([, , tables]) => tables));
    const others = form.tables.filter(({ key }) => !known.has(key)).map(({ key }) => [key, say.section(key), [key]]);
    const parts = [...sectionWords, ...others].map(([id, name, keys]) => this._section(id, name, form.tables.filter(({ key }) => keys.includes(key))));
    this._tables = parts.filter(({ rows }) => rows.length);
    this._cameras = make("div", { class: "cameras" });
    this._add = make("button", { type: "button", class: "act" }, icon("more"), make("span", {}, words.addCamera));
    this._add.addEventListener("click", () => this._adds());
    this._camerasPart = frame(CAMERAS, camerasName, camerasHelp, this._cameras, this._add);
    this._sections.append(this._camerasPart, ...this._tables.map(({ element }) => element));
  }

  _section(id, name, tables) {
    const rows = tables.flatMap(({ fields }) => fields.map((field) => this._row(field)));
    const card = make("div", { class: "card" }, make("div", { class: "rows" }, ...rows.map(({ element }) => element)));
    return { id, name, rows, element: frame(id, name, tables.map(({ help }) => help).join(" "), card) };
  }

  _row(field) {
    const row = new Row({ field, camera: null }, this._desk.draft, () => this._changed());
    row.explain(this._explained);
    return row;
  }

  _nameOf(key) {
    const { place, camera } = this._desk.draft.find(key);
    const label = place ? say.label(place.field.key) : key;
    return camera && place ? `${this._cards.get(camera)?.name ?? camera.id}: ${label}` : label;
  }

  /** Show what there is to be, everywhere. */
  _fill() {
    const { draft, served } = this._desk;
    const readOnly = !served.writable;
    for (const camera of this._cards.keys()) if (!draft.cameras.includes(camera)) this._cards.delete(camera);
    const alone = draft.cameras.length === 1 && !this._cards.size;
    const cards = draft.cameras.map((camera) => this._card(camera, alone));
    inPlace(this._cameras, cards.map(({ element }) => element));
    for (const card of cards) card.show({ readOnly, zones: draft.zones(card.camera) });
    for (const { rows } of this._tables) for (const row of rows) row.show(readOnly);
    this._add.hidden = readOnly;
    this._tellMistakes();
    this._find();
    this._say();
  }

  _card(camera, open) {
    if (!this._cards.has(camera)) {
      const card = new CameraCard(camera, this._desk.draft, { changed: () => this._changed(), removed: () => this._removed(camera) });
      for (const row of card.rows) row.explain(this._explained);
      card.open(open);
      this._cards.set(camera, card);
    }
    return this._cards.get(camera);
  }

  _adds() {
    const camera = this._desk.draft.add();
    this._contents.clear();
    this._fill();
    const card = this._cards.get(camera);
    card.open(true);
    this._context.announce(say.added(card.name));
    card.rows.find((row) => row.place.field.key === "camera.name").focus();
    this._changed();
  }

  _removed(camera) {
    const card = this._cards.get(camera);
    if (camera.removed) this._context.announce(say.removed(card.name));
    this._changed();
    if (camera.added) this._add.focus();
  }

  _changed() {
    this._bar.tell("");
    this._fill();
    this._desk.soon(TYPED_MS);
  }

  _discard() {
    this._bar.tell("");
    for (const row of this._rows) row.forget();
    this._desk.discard();
    this._context.announce(words.discarded);
  }

  get _rows() {
    return [...[...this._cards.values()].flatMap(({ rows }) => rows), ...this._tables.flatMap(({ rows }) => rows)];
  }

  async _save() {
    const wrong = this._rows.find((row) => row.wrong);
    if (wrong) {
      this._show(wrong);
      return;
    }
    const saving = this._desk.save();
    this._say();
    await saving;
  }

  /** It stands in the file. */
  _saved({ applied, problem, effects }) {
    if (!applied) {
      this._bar.tell("warn", words.notInForce, problem ? say.failed(problem.message, problem.hint) : "");
      return;
    }
    const name = (id) => [...this._cards.values()].find(({ camera }) => camera.id === id)?.name ?? id;
    const told = happened({
      any: effects.length,
      restarted: applied.restarted.map(name),
      added: applied.added.map(name),
      removed: applied.removed.map(name),
      watch: applied.watch,
      later: applied.pending.length,
    });
    this._bar.tell("good", told.title, told.text);
  }

  _refused(error) {
    this._say();
    if (error.status === CONFLICT) this._meanwhile();
    else if (error.status) this._bar.tell("warn", words.unsaved, say.failed(error.message, error.hint));
    else this._bar.tell("warn", words.unsaved, words.noAnswer);
  }

  /** Somebody else changed the file. */
  _meanwhile() {
    const act = () => {
      this._bar.tell("");
      this._desk.load();
    };
    this._bar.tell("warn", words.meanwhile, words.meanwhileMore, { label: words.loadAgain, act });
  }

  /** Each mistake to its place. */
  _tellMistakes() {
    const rows = new Map(this._rows.map((row) => [row, ""]));
    const cards = new Map([...this._cards.values()].map((card) => [card, ""]));
    this._general = [];
    for (const { key, message } of this._desk.mistakes) {
      const { place = null, camera = null } = key ? this._desk.draft.find(key) : {};
      const row = place && [...rows.keys()].find((each) => each.place.field === place.field && each.place.camera === place.camera);
      if (row) rows.set(row, rows.get(row) || message);
      else if (camera) cards.set(this._cards.get(camera), sentence(message));
      else this._general.push(sentence(message));
    }
    for (const [place, text] of [...rows, ...cards]) place.tell(text);
    this._general.push(...[...cards].filter(([, text]) => text).map(([card, text]) => say.mistakeAt(card.name, text)));
  }

  /** What is to be saved, and what is wrong. */
  _say() {
    const { draft, saving } = this._desk;
    const wrong = this._rows.filter((row) => row.wrong);
    const mistakes = [...wrong.map((row) => ({ text: say.mistakeAt(this._labelOf(row), sentence(row.wrong)), go: () => this._show(row) })), ...this._general.map((text) => ({ text, go: null }))];
    this._bar.say({ count: draft.count, mistakes, saving, triable: triable(draft), touching: touching(changesOf(this._desk, (camera) => this._cards.get(camera).name)) });
    this.title = draft.count ? say.unsavedTitle(draft.count) : words.title;
    this._sayContents();
  }

  _labelOf({ label, place }) {
    return place.camera && this._desk.draft.cameras.length > 1 ? `${this._cards.get(place.camera).name}: ${label}` : label;
  }

  _sayContents() {
    const cards = [...this._cards.values()];
    const cameras = cards.map((card) => ({ id: card.camera.id, name: card.name }));
    this._contents.list([{ id: CAMERAS, name: camerasName, cameras }, ...this._tables.map(({ id, name }) => ({ id, name }))]);
    const states = new Map(this._tables.map(({ id, rows }) => [id, stateOf(rows)]));
    for (const card of cards) states.set(`camera/${card.camera.id}`, stateOf(card.rows) || (card.camera.added || card.camera.removed ? "changed" : ""));
    const all = cards.map(({ camera }) => states.get(`camera/${camera.id}`));
    states.set(CAMERAS, ["wrong", "changed"].find((state) => all.includes(state)) ?? "");
    this._contents.mark(states);
    this._spy();
  }

  /** Only what is looked for. */
  _find() {
    const { parts } = this._contents;
    let n = 0;
    for (const card of this._cards.values()) n += card.find(parts);
    this._add.classList.toggle("aside", parts.length > 0);
    this._camerasPart.hidden = parts.length > 0 && n === 0;
    for (const { element, rows, name } of this._tables) {
      const left = parts.filter((part) => !name.toLowerCase().includes(part));
      const found = rows.filter((row) => row.matches(left));
      for (const row of rows) row.element.hidden = !found.includes(row);
      element.hidden = !found.length;
      n += parts.length ? found.length : 0;
    }
    this._contents.found(parts.length ? n : null);
  }

  _explain(on) {
    this._explained = on;
    memory.set("settings.explain", on ? "on" : "off");
    for (const row of this._rows) row.explain(on);
  }

  /** Let one setting be seen, and changed. */
  _show(row) {
    this._contents.clear();
    this._find();
    if (row.place.camera) this._cards.get(row.place.camera).open(true);
    row.focus();
  }

  /** To a section, or a camera. @param {string} id */
  _go(id) {
    if (!id || !this._desk.draft) return;
    const [kind, camera] = id.split("/");
    const card = kind === "camera" && [...this._cards.values()].find((each) => each.camera.id === camera);
    const place = card ? card.element : this._sections.querySelector(`#settings-${CSS.escape(kind)}`);
    this._contents.clear();
    this._find();
    if (card) card.open(true);
    if (kind === CAMERAS) this._form.scrollIntoView({ block: "start" }); // with what concerns all
    else place?.scrollIntoView({ block: "start" });
    place?.querySelector(card ? "button" : "h2").focus({ preventScroll: true });
    this._spy(id);
  }

  /** Say which section is seen. @param {string} [wanted] */
  _spy(wanted) {
    if (!this._desk.draft || this._form.hidden) return;
    const line = Math.max(0, this._scroller.getBoundingClientRect().top) + 0.3 * Math.min(innerHeight, this._scroller.clientHeight);
    const all = [{ id: CAMERAS, element: this._camerasPart }, ...this._tables].filter(({ element }) => !element.hidden);
    const above = all.filter(({ element }) => element.getBoundingClientRect().top <= line);
    this._contents.at(wanted ?? (above.at(-1) ?? all[0])?.id ?? null);
  }
}

const stateOf = (rows) => (rows.some((row) => row.wrong) ? "wrong" : rows.some((row) => row.changed) ? "changed" : "");

function frame(id, name, help, ...children) {
  const title = make("h2", { id: `settings-title-${id}`, tabindex: "-1" }, name);
  return make("section", { id: `settings-${id}`, "aria-labelledby": title.id }, make("header", {}, title, make("p", { class: "soft" }, ...prose(help))), ...children);
}

/** Elements that stay are not moved: one of them may have the focus. */
function inPlace(parent, elements) {
  for (const child of [...parent.children]) if (!elements.includes(child)) child.remove();
  for (const [n, element] of elements.entries()) if (parent.children[n] !== element) parent.insertBefore(element, parent.children[n] ?? null);
}
