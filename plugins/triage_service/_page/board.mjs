// The board: what waits, and the error of what went out automatically.

import { call } from "./api.mjs";
import { $, age, count, fill, h, meter, rate, share, svg } from "./dom.mjs";

let stream = null;

const tile = (words, value, small = "", kind = "") =>
  h("div", { class: `tile ${kind}` }, h("dt", {}, words), h("dd", {}, value, small && h("small", {}, small)));

/** The realised error with its bounds on a scale that the promise divides. */
function scale({ error, lower, upper, promise }) {
  const top = Math.max(promise * 2, Math.min(1, (upper ?? 0) * 1.1), 0.02);
  const x = (value) => `${Math.min(100, (value / top) * 100)}%`;
  return svg("svg", { class: "scale", width: "100%", height: "56", "aria-hidden": "true" },
    svg("rect", { class: "kept", x: 0, y: 22, width: x(promise), height: 10, rx: 5 }),
    svg("rect", { class: "broken", x: x(promise), y: 22, width: `${100 - Math.min(100, (promise / top) * 100)}%`, height: 10, rx: 5 }),
    upper !== null && svg("line", { class: "range", x1: x(lower ?? 0), x2: x(upper), y1: 27, y2: 27 }),
    error !== null && svg("circle", { class: "point", cx: x(error), cy: 27, r: 8 }),
    svg("line", { class: "promise", x1: x(promise), x2: x(promise), y1: 12, y2: 42 }),
    svg("text", { x: x(promise), y: 54, "text-anchor": "middle" }, `promise ${rate(promise)}`));
}

const VERDICTS = {
  kept: ["The promise is kept", "Shown by the audits, at every look."],
  broken: ["The promise is broken", "Send everything to people until the cause is found."],
  open: ["Not decided yet", ""],
};

function audit(found) {
  if (!found || found.promise === null) return h("section", { class: "card" }, h("h2", {}, "Error of what went out automatically"),
    h("p", { class: "muted" }, "The model carries no promise. `triage promise` proves one."));
  const [title, advice] = VERDICTS[found.verdict];
  return h("section", { class: `card audit ${found.verdict}` },
    h("h2", {}, "Error of what went out automatically"),
    h("p", { class: "verdict" }, title, ". ", h("span", { class: "muted" }, found.verdict === "open" && found.needed
      ? `About ${count(found.needed)} more audits until it can be confirmed.` : advice)),
    scale(found),
    h("dl", { class: "row" },
      tile("realised error", rate(found.error)), tile("at most", rate(found.upper), "valid at every look"),
      tile("promise", rate(found.promise)), tile("audits", count(found.audits), `${count(found.open)} open`),
      tile("oldest open", found.oldest_open ? age(found.oldest_open) : "–")));
}

function queues(rows) {
  const most = Math.max(1, ...rows.map((row) => row.waiting + row.routed));
  return h("section", { class: "card" }, h("h2", {}, "Queues"),
    rows.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Queues" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Queue", "Waiting", "Automatic", "By people", "Oldest"].map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.queue ?? "no queue", meter((row.waiting + row.routed) / most)),
        h("td", {}, count(row.waiting)), h("td", {}, count(row.routed)), h("td", {}, count(row.decided)),
        h("td", {}, row.oldest ? age(row.oldest) : "–")))))) : h("p", { class: "muted" }, "Nothing has come in yet."));
}

function draw(found) {
  const page = $("main");
  if (page.dataset.screen !== "board") return;
  const total = found.routed + found.reviewed;
  fill(page, h("h1", { class: "sr" }, "Board"),
    found.alarm && h("p", { class: "alarm", role: "alert" }, found.alarm),
    h("dl", { class: "tiles" },
      tile("waiting", count(found.waiting), found.leased ? `${count(found.leased)} in hand` : "", "big"),
      tile("oldest", found.oldest ? age(found.oldest).replace(" ago", "") : "–"),
      tile("decided today", count(found.decided_today), found.per_hour ? `${count(found.per_hour)} an hour` : ""),
      tile("done at this pace in", found.per_hour && found.waiting ? `${count(Math.ceil(found.waiting / found.per_hour))} h` : "–"),
      tile("arrived today", count(found.received_today)),
      tile("automatic", total ? share(found.routed / total) : "–", `${count(found.routed)} of ${count(total)}`)),
    audit(found.audit), queues(found.queues));
}

export async function open() {
  draw(await call("GET", "/v1/board"));
  stream = new EventSource("/v1/board/stream");
  stream.addEventListener("message", (event) => draw(JSON.parse(event.data)));
}

export function close() {
  stream?.close();
  stream = null;
}
