// SPDX-License-Identifier: Apache-2.0
// The data: one picture per <script class="picture"> and the element after it, and the words and maps in it.
"use strict";

const MEAN = -1; // in place of a head: the mean over the heads of its layer
const MARKS = new Set(["[CLS]", "[SEP]", "[PAD]"]);
const RIGHT_TO_LEFT = /^\P{L}*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

const STEPS = 65500; // of which the weights are stored, two bytes each, the low one first

function stepsOf(base64) {
  const text = atob(base64);
  const byte = (index) => text.charCodeAt(index);
  return Uint16Array.from({ length: text.length / 2 }, (_, i) => byte(2 * i) + 256 * byte(2 * i + 1));
}

class Picture {
  constructor(element) {
    Object.assign(this, JSON.parse(element.textContent));
    this.steps = stepsOf(element.nextElementSibling.textContent);
    this.rightToLeft = RIGHT_TO_LEFT.test(this.text);
    this.hasPieces = this.tokens.length > this.words.length;
    this.hasMarks = this.words.some((word) => MARKS.has(word)) && !this.words.every((word) => MARKS.has(word));
  }

  // Words, or their pieces; each with the tokens that it consists of. A text of nothing but marks keeps them.
  shown({ pieces, marks }) {
    const shown = [];
    this.tokens.forEach((token, index) => {
      const word = this.word_of[index];
      if (!marks && this.hasMarks && MARKS.has(this.words[word])) return;
      if (!pieces && index > 0 && word === this.word_of[index - 1]) shown.at(-1).tokens.push(index);
      else shown.push({ label: pieces ? token : this.words[word], tokens: [index] });
    });
    return shown;
  }

  // The weights from each word to each, row by row. A word looks by the mean of its pieces, is looked at by their sum.
  map(words, layer, head) {
    const heads = head === MEAN ? [...Array(this.heads).keys()] : [head];
    const columnOf = new Int32Array(this.tokens.length).fill(-1);
    words.forEach((word, column) => word.tokens.forEach((token) => (columnOf[token] = column)));
    const map = new Float32Array(words.length * words.length);
    words.forEach((word, row) => {
      const sums = map.subarray(row * words.length, (row + 1) * words.length);
      const share = 1 / (heads.length * word.tokens.length);
      for (const one of heads)
        for (const token of word.tokens) this.#addRow(sums, columnOf, share, layer, one, token);
    });
    return map;
  }

  #addRow(sums, columnOf, share, layer, head, token) {
    const count = columnOf.length;
    const start = ((layer * this.heads + head) * count + token) * count;
    for (let key = 0; key < count; ++key)
      if (columnOf[key] >= 0) sums[columnOf[key]] += (share * this.steps[start + key]) / STEPS;
  }
}

const isDrawn = (weight) => Math.round(100 * weight) >= 1;

function percent(weight) {
  return isDrawn(weight) || weight <= 0 ? `${Math.round(100 * weight)}%` : "<1%";
}

function placeName(picture, layer, head) {
  return `layer ${layer + 1}, ${head === MEAN ? `mean of ${picture.heads} heads` : `head ${head + 1}`}`;
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
