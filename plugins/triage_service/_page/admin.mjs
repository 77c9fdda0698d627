// Administration: people, tokens, models, the log.

import { call } from "./api.mjs";
import { $, age, ask, count, fill, h, rate, toast } from "./dom.mjs";

const ROLES = ["route", "review", "audit", "admin", "metrics"];

async function attempt(doing) {
  try {
    await doing();
    await open();
  } catch (problem) {
    toast(problem.message, "problem");
  }
}

const table = (words, heads, rows) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words },
  h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, i) => h(i ? "td" : "th", i ? {} : { scope: "row" }, cell)))))));

const roles = (name) => h("fieldset", {}, h("legend", {}, "Roles"), ROLES.map((role) =>
  h("label", { class: "check" }, h("input", { type: "checkbox", name, value: role, checked: role === "review" && name === "user-roles" }), role)));
const chosen = (form, name) => [...form.elements[name]].filter((box) => box.checked).map((box) => box.value);

function add(title, fields, name, submit) {
  return h("details", {}, h("summary", {}, title), h("form", {
    class: "add",
    submit: (event) => {
      event.preventDefault();
      attempt(() => submit(event.target));
    },
  }, fields.map(([id, words, type]) => [h("label", { for: id }, words), h("input", { id, name: id, type, required: true, autocomplete: "off" })]),
  roles(name), h("button", { class: "primary" }, title)));
}

const revoke = (words, path) => h("button", { type: "button", class: "quiet danger", click: () => attempt(() => call("DELETE", path)) }, words);

function people(found) {
  return h("section", { class: "card" }, h("h2", {}, "People"),
    table("People", ["Name", "Roles", "Since", ""], found.map((each) => [each.name, each.roles.join(", "), age(each.created),
      revoke("Remove", `/v1/admin/users/${encodeURIComponent(each.name)}`)])),
    add("Add a person", [["user-name", "Name", "text"], ["user-password", "Password, at least 12 characters", "password"]], "user-roles",
      (form) => call("POST", "/v1/admin/users", {
        name: form.elements["user-name"].value, password: form.elements["user-password"].value, roles: chosen(form, "user-roles"),
      })));
}

function tokens(found) {
  return h("section", { class: "card" }, h("h2", {}, "Tokens"),
    table("Tokens", ["Name", "Roles", "Expires", ""], found.map((each) => [each.name, each.roles.join(", "), each.expires ? age(each.expires) : "never",
      revoke("Revoke", `/v1/admin/tokens/${encodeURIComponent(each.id)}`)])),
    add("Add a token", [["token-name", "Name", "text"]], "token-roles", async (form) => {
      const made = await call("POST", "/v1/admin/tokens", { name: form.elements["token-name"].value, roles: chosen(form, "token-roles") });
      const dialog = h("dialog", { "aria-labelledby": "made", close: () => dialog.remove() }, h("h2", { id: "made" }, "The token"),
        h("p", {}, "It is shown this once."), h("p", {}, h("code", { class: "secret" }, made.token)),
        h("form", { method: "dialog" }, h("button", { class: "primary" }, "I have copied it")));
      document.body.append(dialog);
      dialog.showModal();
    }));
}

/** Change the model: a shadow needs no reason; the others go through without proof, by force, with one. */
async function change(digest, what) {
  const reason = what === "shadow" ? "" : await ask(what === "promote" ? "Promote" : "Roll back", "Why? The reason goes into the log.");
  if (reason !== null) attempt(() => call("POST", `/v1/models/${digest}/${what}`, reason ? { reason, force: true } : {}));
}

function models(found) {
  const button = (digest, what) => h("button", { type: "button", class: "quiet", click: () => change(digest, what) }, what);
  return h("section", { class: "card" }, h("h2", {}, "Models"),
    table("Models", ["Digest", "State", "Since", "Agrees", ""], found.map((each) => [h("code", {}, each.digest.slice(0, 12)), each.state, age(each.since),
      each.compared ? `${rate(each.agreed / each.compared)} of ${count(each.compared)}` : "–",
      each.state === "active" ? [] : [each.state !== "shadow" && button(each.digest, "shadow"), button(each.digest, each.state === "previous" ? "rollback" : "promote")]])),
    h("button", {
      type: "button", class: "quiet", click: async () => {
        const path = await ask("Register", "Folder of the model, inside the folder --models");
        if (path) attempt(() => call("POST", "/v1/models", { path }));
      },
    }, "Register a model"));
}

const log = (found) => h("section", { class: "card" }, h("h2", {}, "Log"),
  table("Log", ["When", "Who", "What"], found.map((each) => [age(each.at), each.who ?? "the service", each.what])));

export async function open() {
  const [users, keys, bundles, events] = await Promise.all(
    ["/v1/admin/users", "/v1/admin/tokens", "/v1/models", "/v1/admin/log"].map((path) => call("GET", path)));
  if ($("main").dataset.screen !== "admin") return;
  fill($("main"), h("h1", { class: "sr" }, "Administration"), h("div", { class: "cards" },
    people(users.users), tokens(keys.tokens), models(bundles.models), log(events.events)));
}
