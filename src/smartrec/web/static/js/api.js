/** What the page asks of the server beside its WebSocket. */

const PATIENCE_MS = 6_000;
const TRIES = 2;

/** A refusal in the server's words; `message` and `hint` are for people. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {?string} hint
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/**
 * A UUIDv4. `crypto.randomUUID` is not there on a plain-HTTP address of the local network.
 * @returns {string}
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

async function ask(path, options = {}) {
  const reply = await fetch(new URL(`api/v1/${path}`, document.baseURI), {
    ...options,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const body = await reply.json();
  if (reply.ok) return body;
  throw new Refused(body.error?.message ?? reply.statusText, body.error?.hint ?? null);
}

/** @returns {Promise<Object>} How the recorder stands, as its control socket says. */
export const status = () => ask("status");

/**
 * Start or stop recording. A command that got no answer is sent once more with the same id: the
 * recorder obeys an id once.
 * @param {"start"|"stop"} action
 * @param {?string} camera Id; null for all.
 * @returns {Promise<Object[]>} An answer for each camera.
 */
export async function command(action, camera) {
  const body = JSON.stringify({ id: newId(), camera, action });
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  for (let left = TRIES; ; ) {
    try {
      return (await ask("commands", options)).answers;
    } catch (error) {
      left -= 1;
      if (error instanceof Refused || !left) throw error;
    }
  }
}
