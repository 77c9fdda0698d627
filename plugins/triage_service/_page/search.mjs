// Search: filters, full text, and the history of one item.

import { call } from "./api.mjs";
import { $, age, fill, h, rate, toast } from "./dom.mjs";
import { shown } from "./text.mjs";

const STATES = ["", "open", "decided", "routed"];
const form = { q: "", state: "", queue: "" };

async function find(cursor = "") {
  const query = new URLSearchParams(Object.entries({ ...form, cursor }).filter(([, value]) => value));
  try {
    const found = await call("GET", `/v1/items?${query}`);
    const list = $("results");
    if (!cursor) fill(list);
    list.append(...found.items.map(row));
    $("more")?.remove();
    if (found.next) list.after(h("button", { id: "more", type: "button", class: "quiet", click: () => find(found.next) }, "More"));
    if (!list.children.length) fill(list, h("li", { class: "muted" }, "Nothing found."));
  } catch (problem) {
    toast(problem.message, "problem");
  }
}

const row = (item) => h("li", {}, h("button", { type: "button", class: "result", click: () => show(item.id) },
  h("span", { class: "line" }, h("strong", {}, item.label ?? item.suggested ?? "no label"), h("span", { class: `state ${item.state}` }, item.state),
    h("span", { class: "muted" }, age(item.received))),
  h("span", { class: "excerpt", dir: "auto" }, item.excerpt)));

async function show(id) {
  const item = await call("GET", `/v1/items/${encodeURIComponent(id)}`);
  const dialog = h("dialog", { class: "wide", "aria-labelledby": "found-title", close: () => dialog.remove() },
    h("h2", { id: "found-title" }, item.label ?? item.suggestion?.label ?? "no label"),
    h("p", { class: "text", dir: "auto" }, shown(item.text, item.suggestion?.terms ?? [], true)),
    h("h3", {}, "History"),
    h("ol", { class: "history" }, item.history.map((event) => h("li", {}, h("strong", {}, event.what), event.label ? ` ${event.label}` : "",
      h("span", { class: "muted" }, ` · ${event.who ?? "the model"} · ${age(event.at)}`,
        event.confidence === undefined || event.confidence === null ? "" : ` · ${rate(event.confidence)}`)))),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close")));
  document.body.append(dialog);
  dialog.showModal();
}

export function open() {
  const field = (name, words, node) => h("div", {}, h("label", { for: `by-${name}` }, words), node);
  const change = (name) => (event) => {
    form[name] = event.target.value;
    find();
  };
  let timer = 0;
  fill($("main"), h("h1", { class: "sr" }, "Search"),
    h("form", { class: "filters", role: "search", submit: (event) => event.preventDefault() },
      field("q", "Words in the text", h("input", {
        id: "by-q", type: "search", value: form.q, autocomplete: "off",
        input: (event) => {
          form.q = event.target.value;
          clearTimeout(timer);
          timer = setTimeout(find, 200);
        },
      })),
      field("state", "State", h("select", { id: "by-state", change: change("state") },
        STATES.map((each) => h("option", { value: each, selected: each === form.state }, each || "any")))),
      field("queue", "Queue", h("input", { id: "by-queue", value: form.queue, autocomplete: "off", change: change("queue") }))),
    h("ol", { id: "results", class: "results" }));
  $("by-q").focus();
  find();
}
