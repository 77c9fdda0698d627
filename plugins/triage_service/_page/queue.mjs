// The queue: one item, one key, the next item.

import { call, outbox } from "./api.mjs";
import { $, age, count, fill, h, key, meter, share, toast } from "./dom.mjs";
import { shown } from "./text.mjs";

const REASONS = {
  below_threshold: "less sure than the promise asks for",
  ambiguous: "between two labels",
  empty_after_cleaning: "nothing left after cleaning",
  no_promise: "no promise covers it",
  out_of_scope: "unlike anything in training",
  over_capacity: "over capacity",
  costs: "a mistake here would be costly",
  not_finite: "the model gave no number",
  unreadable_row: "could not be read",
  engine_failed: "the model failed on it",
  confident: "confident",
};
const SKIPS = ["Not my area", "More information is needed", "Another language", "Hard to read"];
const state = { held: null, ready: null, ahead: null, offline: false, last: null, decided: 0, marked: true, family: false, second: false, find: "" };
const done = []; // of this session: "agree" or "other", newest last

const words = (reason) => REASONS[reason] || (reason.startsWith("rule:") ? `rule ${reason.slice(5)}` : reason);

/** Ask for the next item; null where nothing waits. */
async function claim() {
  const found = await call("POST", "/v1/desk/next", {});
  return found && { ...found.item, lease: found.lease.token };
}

/** Hold one item ahead, so that the next one is on the screen before the last one is saved. */
function ahead() {
  if (state.ready) return Promise.resolve(state.ready);
  state.ahead ??= claim()
    .then((found) => [found, false], (problem) => [null, problem.status !== 401])
    .then(([found, offline]) => {
      Object.assign(state, { ready: found, offline, ahead: null });
      return found;
    });
  return state.ahead;
}

async function next() {
  clearTimeout(state.again);
  if (!state.ready) {
    state.held = null; // a second key press must not decide the same item again
    $("main").classList.add("waiting");
    await ahead();
    $("main").classList.remove("waiting");
    if (state.held) return;
  }
  const item = state.ready;
  state.ready = null;
  show(item);
  if (item) ahead();
}

function show(item) {
  Object.assign(state, { held: item || null, family: false, second: false, find: "", shownAt: performance.now() });
  clearTimeout(state.again);
  if (!item) state.again = setTimeout(next, 3000);
  draw();
  if (item) $("item")?.focus({ preventScroll: false });
}

/** The labels in the order of their keys: the likeliest first; alphabetical where the answer must be blind. */
function labels(item) {
  if (!item.suggestion) return item.labels.map((label) => ({ label }));
  const { label, confidence, alternatives } = item.suggestion;
  const near = [{ label, probability: confidence }, ...alternatives].filter((each) => each.label !== null);
  const named = new Set(near.map((each) => each.label));
  return [...near, ...item.labels.filter((each) => !named.has(each)).map((each) => ({ label: each }))];
}

function decide(label) {
  const item = state.held;
  if (!item) return;
  const id = encodeURIComponent(item.id);
  const entry = {
    path: state.family ? `/v1/desk/families/${id}/decide` : `/v1/desk/items/${id}/decide`,
    body: {
      token: item.lease, label, key: crypto.randomUUID(),
      ms: Math.round(performance.now() - state.shownAt), second: state.second,
    },
  };
  outbox.add(entry);
  state.decided += 1;
  state.last = { key: entry.body.key, item, event: null };
  done.push(item.suggestion ? (label === item.suggestion.label ? "agree" : "other") : "blind");
  next();
}

outbox.addEventListener("answered", ({ detail: { entry, reply, problem } }) => {
  if (problem) {
    toast(problem.status === 409 ? "Somebody else holds that item now; your answer is kept as a further opinion." : problem.message, "problem");
    return;
  }
  if (state.last?.key === entry.body.key) state.last.event = reply.event;
  if (reply.suggested) toast(reply.suggested === entry.body.label ? "The model said the same." : `The model said: ${reply.suggested}`);
  if (reply.decided > 1) toast(`${count(reply.decided)} letters decided together.`);
});

async function undo() {
  const last = state.last;
  if (!last) return toast("There is nothing to undo.");
  if (!outbox.retract(last.key)) {
    if (last.event === null) return toast("That decision is being saved; try again in a moment.");
    try {
      const reply = await call("POST", "/v1/desk/undo", { event: last.event });
      last.item = { ...reply.item, lease: reply.lease.token };
    } catch (problem) {
      return toast(problem.message, "problem");
    }
  }
  const waiting = state.held;
  if (waiting) await call("POST", `/v1/desk/items/${encodeURIComponent(waiting.id)}/release`, { token: waiting.lease }).catch(() => {});
  state.last = null;
  state.decided -= 1;
  done.pop();
  show(last.item);
  toast("Taken back.");
}

/** Ask why, then put the item back; an audit can only be answered "cannot be told". */
function skip() {
  const item = state.held;
  if (!item) return;
  if (item.kind !== "review") return decide("unresolvable");
  const dialog = h("dialog", { "aria-labelledby": "why", close: () => dialog.remove() });
  const choose = async (reason) => {
    dialog.close();
    try {
      await call("POST", `/v1/desk/items/${encodeURIComponent(item.id)}/skip`, { token: item.lease, reason });
      next();
    } catch (problem) {
      toast(problem.message, "problem");
      if (problem.status === 409) next();
    }
  };
  dialog.addEventListener("keydown", (event) => {
    const reason = SKIPS[Number(event.key) - 1];
    if (reason) choose(reason);
    event.stopPropagation();
  });
  fill(dialog, h("h2", { id: "why" }, "Why skip it?"), h("div", { class: "options" },
    SKIPS.map((reason, i) => h("button", { type: "button", click: () => choose(reason) }, key(i + 1), reason)),
    h("button", { type: "button", class: "quiet", click: () => decideUnresolvable(dialog) }, "It cannot be told")));
  document.body.append(dialog);
  dialog.showModal();
}

function decideUnresolvable(dialog) {
  dialog.close();
  decide("unresolvable");
}

async function unmask() {
  const item = state.held;
  if (!item?.masked) return;
  try {
    const { text } = await call("POST", `/v1/items/${encodeURIComponent(item.id)}/unmask`);
    Object.assign(item, { text, masked: false });
    draw();
  } catch (problem) {
    toast(problem.message, "problem");
  }
}

const toggle = (name) => () => {
  state[name] = !state[name];
  draw();
};

/** Key → [what it does, words for the help]. */
export const keys = {
  Enter: [() => state.held?.suggestion?.label && decide(state.held.suggestion.label), "agree and go on"],
  s: [skip, "skip, with a reason"],
  u: [undo, "undo the last decision"],
  d: [toggle("second"), "ask for a second opinion"],
  f: [() => state.held?.alike > 1 && toggle("family")(), "decide the whole family"],
  m: [unmask, "show masked personal data (logged)"],
  e: [toggle("marked"), "mark the deciding terms"],
  "/": [() => $("find")?.focus(), "find a label"],
};
for (let digit = 1; digit <= 9; digit++) {
  keys[digit] = [() => state.held && labels(state.held)[digit - 1] && decide(labels(state.held)[digit - 1].label)];
}

function article(item) {
  const terms = item.suggestion?.terms ?? [];
  const kind = { audit: "Audit", second: "Second opinion" }[item.kind];
  return h("article", { id: "item", class: "letter", tabindex: "-1", "aria-labelledby": "item-title" },
    h("header", {},
      h("h1", { id: "item-title" }, kind ?? "To decide"),
      h("ul", { class: "facts" },
        h("li", {}, h("span", { class: "sr" }, "received "), age(item.received)),
        item.due && h("li", { class: item.due * 1000 < Date.now() ? "late" : "" }, "due ", age(item.due)),
        item.source && h("li", {}, item.source),
        item.alike > 1 && h("li", { class: "alike" }, `and ${count(item.alike - 1)} like it`),
        item.masked && h("li", {}, h("button", { type: "button", class: "link", click: unmask }, "personal data masked ", key("m"))))),
    h("p", { class: "text", dir: "auto" }, shown(item.text, terms, state.marked)));
}

function suggestion(item) {
  const { label, confidence, reasons } = item.suggestion;
  return h("section", { class: "suggestion", "aria-label": "Suggestion" },
    label === null
      ? h("p", { class: "none" }, "The model has no suggestion.")
      : h("button", { type: "button", class: "agree", click: () => decide(label) },
        h("span", { class: "label" }, label), h("span", { class: "chance" }, share(confidence)), meter(confidence), key("Enter ↵")),
    h("p", { class: "why" }, "Here because: ", reasons.map(words).join(", "), "."));
}

function choices(item) {
  const all = labels(item);
  const wanted = state.find.trim().toLowerCase();
  const rows = all
    .map((each, i) => ({ ...each, digit: i < 9 ? i + 1 : null }))
    .filter((each, i) => (wanted ? each.label.toLowerCase().includes(wanted) : i > 0 || !item.suggestion?.label));
  return h("ol", { class: "choices" }, rows.map((each) => h("li", {},
    h("button", { type: "button", click: () => decide(each.label) },
      each.digit && !wanted ? key(each.digit) : h("span", { class: "nokey" }),
      h("span", { class: "label" }, each.label),
      each.probability !== undefined && [h("span", { class: "chance" }, share(each.probability)), meter(each.probability)]))));
}

function finder(item) {
  const field = h("input", {
    id: "find", type: "search", placeholder: "Find a label", "aria-label": "Find a label", autocomplete: "off", value: state.find,
    input: () => {
      state.find = field.value;
      fill($("choices"), choices(item));
    },
    keydown: (event) => {
      if (event.key !== "Enter" || !field.value.trim()) return;
      $("choices").querySelector("button")?.click();
      event.preventDefault();
    },
  });
  return h("div", { class: "find" }, field, key("/"));
}

const action = (letter, label, pressed) => h("button", {
  type: "button", class: "quiet", "aria-pressed": pressed === undefined ? null : String(pressed), click: keys[letter][0],
}, key(letter), label);

function panel(item) {
  return h("aside", { class: "panel", "aria-label": "Decision" },
    item.suggestion ? suggestion(item) : h("p", { class: "blind" }, "Blind: the model's answer is shown after yours."),
    finder(item), h("div", { id: "choices" }, choices(item)),
    h("div", { class: "actions" },
      action("s", item.kind === "review" ? "Skip" : "Cannot be told"), action("u", "Undo"),
      action("d", "Second opinion", state.second), item.alike > 1 && action("f", `All ${count(item.alike)}`, state.family),
      action("e", "Terms", state.marked)));
}

function progress() {
  const agreed = done.filter((each) => each === "agree").length;
  return h("footer", { class: "session" },
    h("p", {}, h("strong", {}, count(state.decided)), " decided in this session",
      agreed ? h("span", { class: "muted" }, ` · ${share(agreed / done.length)} as suggested`) : ""),
    h("p", { class: "dots", "aria-hidden": "true" }, done.slice(-30).map((each) => h("span", { class: each }))));
}

function nothing() {
  const { offline } = state;
  return h("div", { class: "empty" }, h("p", { class: "big", "aria-hidden": "true" }, offline ? "…" : "✓"),
    h("h1", {}, offline ? "The service cannot be reached" : "Nothing waits for you"),
    h("p", {}, offline ? "Your decisions are kept here and sent when it is back." : "New items appear here by themselves."));
}

function draw() {
  const page = $("main");
  if (page.dataset.screen !== "queue") return;
  const item = state.held;
  fill(page, item ? h("div", { class: "desk" }, article(item), panel(item)) : nothing(), progress());
}

/** Show the screen. */
export function open() {
  if (state.held) draw();
  else next();
}

/** Give back what is held when the page goes away. */
addEventListener("pagehide", () => {
  for (const item of [state.held, state.ready]) {
    if (item) fetch(`/v1/desk/items/${encodeURIComponent(item.id)}/release`, {
      method: "POST", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: item.lease }),
    });
  }
});

/** Keep the leases of the items on the screen and ahead. */
setInterval(() => {
  for (const item of [state.held, state.ready]) {
    if (item) call("POST", `/v1/desk/items/${encodeURIComponent(item.id)}/renew`, { token: item.lease }).catch((problem) => {
      if (problem.status === 409 && item === state.held) {
        toast("Somebody else holds this item now.", "problem");
        next();
      }
    });
  }
}, 60000);
