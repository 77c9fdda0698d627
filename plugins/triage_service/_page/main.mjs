// Sign-in, the four screens, and the keys.

import * as admin from "./admin.mjs";
import { call, outbox } from "./api.mjs";
import * as board from "./board.mjs";
import { $, count, fill, h, key, svg } from "./dom.mjs";
import * as queue from "./queue.mjs";
import * as search from "./search.mjs";

const SCREENS = { queue: ["q", "Queue", "review"], board: ["b", "Board", "review"], search: ["s", "Search", "review"], admin: ["a", "Admin", "admin"] };
const modules = { queue, board, search, admin };
let me = null;
let prefix = 0;

function bar() {
  const here = $("main").dataset.screen;
  fill($("screens"), Object.entries(SCREENS).filter(([, [, , role]]) => me?.roles.includes(role)).map(([name, [letter, words]]) =>
    h("a", { href: `#${name}`, "aria-current": name === here ? "page" : null, title: `g ${letter}` }, words)));
  fill($("me"), me && [
    h("button", { type: "button", class: "quiet", "aria-label": "Keys", title: "keys", click: help }, "?"),
    h("button", { type: "button", class: "quiet", click: signOut }, me.name),
  ]);
  saved();
}

function saved() {
  const waiting = outbox.size;
  $("saved").className = waiting ? "saved pending" : "saved";
  fill($("saved"), me ? (waiting ? `${count(waiting)} not saved yet` : "all saved") : "");
}

function open() {
  if (!me) return;
  const wanted = location.hash.slice(1).split("/")[0];
  const name = SCREENS[wanted] && me.roles.includes(SCREENS[wanted][2]) ? wanted : me.roles.includes("review") ? "queue" : "admin";
  const page = $("main");
  if (page.dataset.screen && page.dataset.screen !== name) modules[page.dataset.screen].close?.();
  page.dataset.screen = name;
  document.title = `${SCREENS[name][1]} · triage desk`;
  bar();
  fill(page);
  modules[name].open(me);
}

async function signOut() {
  if (outbox.size) await outbox.send();
  await call("DELETE", "/v1/session").catch(() => {});
  signIn();
}

function signIn(words = "") {
  me = null;
  delete $("main").dataset.screen;
  bar();
  const name = h("input", { id: "name", name: "username", autocomplete: "username", required: true });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const said = h("p", { class: "problem", role: "alert" }, words);
  const submit = async (event) => {
    event.preventDefault();
    try {
      enter(await call("POST", "/v1/session", { name: name.value, password: password.value }));
    } catch (problem) {
      fill(said, problem.message);
      password.value = "";
      password.focus();
    }
  };
  fill($("main"), h("form", { class: "sign-in", submit },
    svg("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" }, svg("path", { d: "M5 8h22M9 16h14M13 24h6" })),
    h("h1", {}, "Sign in to the desk"),
    h("label", { for: "name" }, "Name"), name, h("label", { for: "password" }, "Password"), password, said,
    h("button", { class: "primary" }, "Sign in")));
  name.focus();
}

function enter(found) {
  me = found;
  outbox.send();
  open();
}

function help() {
  const list = Object.entries(queue.keys).filter(([, [, words]]) => words).map(([letter, [, words]]) => [letter, words]);
  const all = [["Enter", list[0][1]], ["1 – 9", "another label"], ...list.filter(([letter]) => letter !== "Enter"), ["g q b s a", "Queue, Board, Search, Admin"], ["Esc", "leave a field or a dialog"]];
  const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title", close: () => dialog.remove() },
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", {}, all.map(([letter, words]) => h("div", {}, h("dt", {}, letter.split(" ").map((each) => h("kbd", {}, each))), h("dd", {}, words)))),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close")));
  document.body.append(dialog);
  dialog.showModal();
}

const typing = (node) => node.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    document.activeElement.blur();
    return;
  }
  if (!me || typing(event.target)) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return; // the browser presses it
  if (prefix > performance.now()) {
    prefix = 0;
    const screen = Object.keys(SCREENS).find((name) => SCREENS[name][0] === event.key);
    if (screen) location.hash = screen;
    return;
  }
  if (event.key === "g") prefix = performance.now() + 1500;
  else if (event.key === "?") help();
  else if ($("main").dataset.screen === "queue" && queue.keys[event.key] && !event.repeat) {
    event.preventDefault();
    queue.keys[event.key][0]();
  }
});

document.addEventListener("signed-out", () => me && signIn("Your session has ended. What is not saved yet is sent after you sign in."));
addEventListener("hashchange", open);
outbox.addEventListener("changed", saved);

async function start() {
  const once = location.hash.startsWith("#once=") ? location.hash.slice(6) : "";
  if (once) history.replaceState(null, "", "/");
  try {
    const found = once ? await call("POST", "/v1/session", { once }) : await call("GET", "/v1/session");
    if (found.name === null) signIn();
    else enter(found);
  } catch (problem) {
    signIn(once ? problem.message : "");
  }
}

start();
