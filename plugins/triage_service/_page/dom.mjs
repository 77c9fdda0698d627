// Building elements. Text enters as text nodes only; there is no way here to pass markup.

const SVG = "http://www.w3.org/2000/svg";

function build(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(9)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** Make an element: h("button", {class: "x", click: handler}, "text", child). */
export const h = (tag, props = {}, ...children) => build(document.createElement(tag), props, children);

/** Make an SVG element. */
export const svg = (tag, props = {}, ...children) => build(document.createElementNS(SVG, tag), props, children);

/** Replace everything in `node`. */
export const fill = (node, ...children) => {
  node.replaceChildren(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

export const $ = (id) => document.getElementById(id);

export const key = (name) => h("kbd", { "aria-hidden": "true" }, name);

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en");
export const count = (value) => (value === null || value === undefined ? "–" : whole.format(value));
export const share = (value) => (value === null || value === undefined ? "–" : percent.format(value));
export const rate = (value) => (value === null || value === undefined ? "–" : fine.format(value));

/** Say how long ago a time in seconds since 1970 was, or how far ahead it lies. */
export function age(seconds) {
  const passed = Date.now() / 1000 - seconds;
  const size = Math.abs(passed);
  const [value, unit] =
    size < 90 ? [size, "s"] : size < 5400 ? [size / 60, "min"] : size < 129600 ? [size / 3600, "h"] : [size / 86400, "days"];
  const words = `${Math.round(value)} ${unit}`;
  return passed >= 0 ? `${words} ago` : `in ${words}`;
}

/** A thin bar that shows a share of 1; decoration, the number stands beside it. */
export function meter(value, kind = "") {
  const bar = h("span", { class: `meter ${kind}`, "aria-hidden": "true" }, h("span"));
  bar.firstChild.style.inlineSize = `${Math.max(0, Math.min(1, value)) * 100}%`;
  return bar;
}

/** Show a message for some seconds. */
export function toast(words, kind = "") {
  const node = h("p", { class: `toast ${kind}` }, words);
  $("toasts").append(node);
  setTimeout(() => node.remove(), kind === "problem" ? 9000 : 3500);
}

/** Ask for one line of text in a dialog; null where it is closed without an answer. */
export function ask(title, words) {
  const field = h("input", { id: "answer", required: true, autocomplete: "off", maxlength: "2000" });
  const dialog = h("dialog", { "aria-labelledby": "asked" }, h("h2", { id: "asked" }, title),
    h("form", { method: "dialog" }, h("label", { for: "answer" }, words), field, h("button", { class: "primary", value: "yes" }, title)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => {
    dialog.remove();
    answer(dialog.returnValue === "yes" ? field.value : null);
  }));
}
