// A customer's text on the screen: masked spans as chips, deciding terms marked. Text nodes only.

import { h } from "./dom.mjs";

const MASK = /\bmasked(email|iban|card|ssn|phone|account)\b/g;
const WORD = /[\p{L}\p{N}_#+]+/gu;

/** Return [start, end, weight] for every place where a term of the model stands in `text`. */
function places(text, terms) {
  const words = [...text.matchAll(WORD)].map((found) => [found.index, found[0].toLowerCase()]);
  const found = [];
  for (const { term, weight } of terms) {
    const parts = term.toLowerCase().match(WORD) || [];
    if (!parts.length || weight <= 0) continue;
    for (let i = 0; i + parts.length <= words.length; i++) {
      if (parts.every((part, j) => alike(words[i + j][1], part))) {
        const [last, word] = words[i + parts.length - 1];
        found.push([words[i][0], last + word.length, weight]);
      }
    }
  }
  return found.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
}

/** Cleaning may cut endings: words count as alike where one begins with the other and little is left. */
function alike(word, term) {
  return word === term || (term.length > 3 && word.startsWith(term) && word.length - term.length < 4);
}

function chips(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(MASK)) {
    parts.push(text.slice(done, found.index), h("span", { class: "mask", title: "masked; press m to show it" }, found[1]));
    done = found.index + found[0].length;
  }
  return [...parts, text.slice(done)];
}

/** Return nodes that show `text` with masks as chips and terms marked. */
export function shown(text, terms, marked) {
  const parts = [];
  const most = Math.max(...terms.map((term) => term.weight), 1e-9);
  let done = 0;
  for (const [start, end, weight] of marked ? places(text, terms) : []) {
    if (start < done) continue;
    parts.push(chips(text.slice(done, start)), h("mark", { class: weight > most / 2 ? "strong" : "" }, text.slice(start, end)));
    done = end;
  }
  return [...parts, chips(text.slice(done))];
}
