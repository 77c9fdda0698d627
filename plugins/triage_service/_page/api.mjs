// Requests to the service of the same origin, and the decisions that have not reached it yet.

/** A reply that is not 2xx; `status` is 0 where no reply came. */
export class Problem extends Error {
  constructor(status, code, detail, after = 0) {
    super(detail || code);
    Object.assign(this, { status, code, after });
  }
}

export async function call(method, path, body) {
  let reply;
  try {
    reply = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch {
    throw new Problem(0, "offline", "The service cannot be reached.");
  }
  if (reply.status === 204) return null;
  const found = await reply.json().catch(() => ({}));
  if (reply.ok) return found;
  if (reply.status === 401) document.dispatchEvent(new Event("signed-out"));
  throw new Problem(reply.status, found.error, found.detail, Number(reply.headers.get("Retry-After")) || 0);
}

const KEPT = "triage-unsent";

/** Decisions on their way: kept in sessionStorage as ids, labels and keys (no text) until the service has them. */
class Outbox extends EventTarget {
  #entries = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
  #sending = null;
  #timer = 0;
  #wait = 1000;

  constructor() {
    super();
    addEventListener("online", () => this.send());
    addEventListener("beforeunload", (event) => this.size && event.preventDefault());
  }

  get size() {
    return this.#entries.length;
  }

  /** Add a request {path, body, ...}; it is sent in order, again and again, until it is answered. */
  add(entry) {
    this.#entries.push(entry);
    this.#keep();
    this.send();
  }

  /** Take back the last request if it is not on its way; return whether that was possible. */
  retract(key) {
    const last = this.#entries.at(-1);
    if (!last || last.body.key !== key || last === this.#sending) return false;
    this.#entries.pop();
    this.#keep();
    return true;
  }

  async send() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    while (this.#entries.length) {
      const entry = (this.#sending = this.#entries[0]);
      try {
        this.#done(entry, await call("POST", entry.path, entry.body), null);
        this.#wait = 1000;
      } catch (problem) {
        if (problem.status >= 400 && problem.status < 500 && ![401, 408, 429].includes(problem.status)) {
          this.#done(entry, null, problem);
          continue;
        }
        this.#timer = setTimeout(() => this.send(), problem.after * 1000 || this.#wait);
        this.#wait = Math.min(15000, this.#wait * 2);
        break;
      } finally {
        this.#sending = null;
      }
    }
  }

  #done(entry, reply, problem) {
    this.#entries.shift();
    this.#keep();
    this.dispatchEvent(new CustomEvent("answered", { detail: { entry, reply, problem } }));
  }

  #keep() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.#entries));
    this.dispatchEvent(new Event("changed"));
  }
}

export const outbox = new Outbox();
