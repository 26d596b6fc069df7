/** Finding and making elements. Text from outside only ever becomes text: nothing here takes markup. */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} tag
 * @param {Object<string, string|boolean>} [attributes] "class" and the like; true for an empty one.
 * @param {...(Node|string)} children Strings become text.
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/**
 * Set a text where it differs, so that nothing is laid out or read aloud anew for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Set an attribute where it differs; null takes it away.
 * @param {Element} element
 * @param {string} name
 * @param {?string} value
 */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A store that never fails: some browsers forbid it, and nothing depends on it. */
export const memory = {
  /**
   * @param {string} name
   * @returns {?string}
   */
  get(name) {
    try {
      return localStorage.getItem(`smartrec.${name}`);
    } catch {
      return null;
    }
  },
  /**
   * @param {string} name
   * @param {string} value
   */
  set(name, value) {
    try {
      localStorage.setItem(`smartrec.${name}`, value);
    } catch {
      // It is then forgotten with the page.
    }
  },
};
