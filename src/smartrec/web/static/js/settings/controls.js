/** What a setting is changed with, by its kind. */

import { make, mark } from "../dom.js";
import { Pairs } from "./pairs.js";
import { Schedule } from "./schedule.js";
import { Source } from "./source.js";
import { say, words } from "./strings.js";

const SIZES = ["640x480", "1280x720", "1920x1080", "2560x1440", "3840x2160"];
const WHOLE = /^\s*-?\d+\s*$/;
const NARROW = new Set(["integer", "number", "duration", "size", "picture"]);

/**
 * @typedef {Object} Control
 * @property {HTMLElement} element
 * @property {HTMLElement} input What the name and what is wrong belong to.
 * @property {boolean} [group] It is several, and named as a group.
 * @property {(value: *) => void} show
 * @property {() => *} value undefined: left out.
 * @property {() => string} [wrong] Why there is no value.
 * @property {(locked: boolean) => void} lock
 *
 * @typedef {Object} Asked
 * @property {import("./form.js").Field} field
 * @property {string} id Of the element that a label names.
 * @property {() => void} changed
 */

/** @param {Asked} asked @returns {Control} */
export function control(asked) {
  const { field } = asked;
  const made = (field.kind === "integer" && field.choices ? either : MADE[field.kind] ?? text)(asked);
  made.input.id = asked.id;
  if (NARROW.has(field.kind) && !field.choices) made.element.classList.add("narrow");
  return made;
}

const simple = (input, rest) => ({ element: input, input, lock: (locked) => (input.disabled = locked), ...rest });

function toggle({ field, changed }) {
  if (field.optional) return choice({ field: { ...field, choices: [true, false] }, changed });
  const input = make("input", { type: "checkbox", role: "switch" });
  const element = make("span", { class: "switch" }, input);
  input.addEventListener("change", changed);
  return { ...simple(input, { show: (value) => (input.checked = value !== false), value: () => input.checked }), element };
}

function choice({ field, changed }) {
  const word = (value) => (Number.isNaN(value) ? words.fixed : typeof value === "boolean" ? (value ? words.on : words.off) : say.choice(field.key, value));
  const options = field.choices.map((value, n) => make("option", { value: String(n) }, word(value)));
  if (field.optional) options.unshift(make("option", { value: "" }, say.notSet(field.key)));
  const input = make("select", {}, ...options);
  input.addEventListener("change", changed);
  return simple(input, {
    show: (value) => (input.value = String(value === null ? "" : field.choices.indexOf(value))),
    value: () => (input.value === "" ? undefined : field.choices[Number(input.value)]),
  });
}

function number({ field, changed }) {
  const attributes = { type: "number", step: field.kind === "integer" ? "1" : "any", inputmode: field.kind === "integer" ? "numeric" : "decimal", autocomplete: "off" };
  const input = make("input", attributes);
  if (typeof field.minimum === "number") input.min = String(field.minimum);
  if (typeof field.maximum === "number") input.max = String(field.maximum);
  input.addEventListener("input", changed);
  return simple(input, {
    show: (value) => (input.value = value === null ? "" : String(value)),
    value: () => (input.value === "" ? undefined : Number(input.value)),
    wrong: () => (input.validity.badInput || (input.value === "" && !field.optional) ? words.noNumber : ""),
  });
}

function text({ field, changed, id }) {
  const input = make("input", { type: "text", autocomplete: "off", autocapitalize: "none", autocorrect: "off", spellcheck: "false", maxlength: "4096" });
  const bare = field.optional || field.default === null || field.default === "";
  const element = field.kind === "picture" ? make("span", { class: "with-list" }, input, sizes(input, id)) : input;
  input.addEventListener("input", changed);
  return {
    ...simple(input, {
      show: (value) => (input.value = value ?? ""),
      value: () => (!input.value.trim() && bare ? undefined : input.value),
    }),
    element,
  };
}

function sizes(input, id) {
  const list = make("datalist", { id: `${id}-sizes` }, ...SIZES.map((value) => make("option", { value })));
  mark(input, "list", list.id);
  return list;
}

/** Several words or numbers in one line. */
function list({ field, changed }) {
  const made = text({ field: { ...field, optional: true }, changed });
  const taken = (part) => (field.kind === "numbers" && WHOLE.test(part) ? Number(part) : part);
  const { value: written } = made;
  return {
    ...made,
    show: (value) => (made.input.value = (value ?? []).join(", ")),
    value: () => written()?.split(",").map((part) => taken(part.trim())).filter((part) => part !== ""),
  };
}

/** A number, or one of some words in its place. */
function either({ field, changed, id }) {
  const fixed = String(field.choices.length);
  const kind = choice({ field: { ...field, choices: [...field.choices, NaN] }, changed: () => chosen(true) });
  const exact = number({ field: { ...field, optional: false }, changed });
  const element = make("span", { class: "either" }, kind.element, exact.element);
  mark(exact.input, "aria-label", words.number);
  exact.input.id = `${id}-number`;
  const isFixed = () => kind.input.value === fixed;
  const chosen = (told) => {
    exact.input.hidden = !isFixed();
    if (!told) return;
    if (isFixed()) exact.input.focus();
    changed();
  };
  return {
    element,
    input: kind.input,
    lock: (locked) => {
      for (const each of [kind, exact]) each.lock(locked);
    },
    show: (value) => {
      kind.show(value);
      if (typeof value === "number") kind.input.value = fixed;
      exact.show(typeof value === "number" ? value : null);
      chosen(false);
    },
    value: () => (isFixed() ? exact.value() : kind.value()),
    wrong: () => (isFixed() ? exact.wrong() : ""),
  };
}

const MADE = {
  boolean: toggle,
  choice,
  integer: number,
  number,
  list,
  numbers: list,
  schedule: (asked) => new Schedule(asked),
  source: (asked) => new Source(asked),
  table: (asked) => new Pairs(asked),
};
