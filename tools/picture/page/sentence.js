// SPDX-License-Identifier: Apache-2.0
// The text with lines from the word that looks to the words it looks at.
"use strict";

const MOST_LINES = 24;
const MANY_WORDS = 60;
const TALLEST_ARC = 150;

const arcHeight = (distance) => Math.min(TALLEST_ARC, 16 + 0.34 * Math.abs(distance));

class SentenceView {
  #lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  #words = element("div", { className: "words" });
  #shown = null; // { row, from }

  constructor(place, { choose, preview }) {
    this.place = place;
    this.#lines.setAttribute("aria-hidden", "true");
    place.append(this.#lines, this.#words);
    this.choice = new Choice(this.#words, "The word that looks", choose);
    this.#words.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") preview(this.choice.indexOf(event.target));
    });
    this.#words.addEventListener("pointerleave", () => preview(-1));
    new ResizeObserver(() => this.#layOut()).observe(place);
  }

  setWords(words, rightToLeft) {
    this.place.classList.toggle("many", words.length > MANY_WORDS);
    this.#words.dir = rightToLeft ? "rtl" : "ltr";
    const buttons = words.map(({ label }) =>
      element("button", { type: "button" }, element("span", { textContent: label }), element("small")));
    this.#words.replaceChildren(...buttons);
    this.choice.setButtons(buttons, 1);
    this.#shown = null;
    this.#layOut();
  }

  // row: the weights that the word `from` gives; `chosen` is the word that keyboard and clicks have chosen.
  show(row, from, chosen) {
    const largest = Math.max(...row);
    [...this.#words.children].forEach((button, index) => {
      const weight = row[index];
      const [word, share] = button.children;
      button.classList.toggle("from", index === from);
      button.classList.toggle("most", weight === largest && isDrawn(weight));
      button.classList.toggle("strong", index !== from && weight > 0.7);
      word.style.background =
        index === from || !isDrawn(weight) ? "" : `color-mix(in srgb, var(--to) ${100 * weight}%, transparent)`;
      share.textContent = isDrawn(weight) ? percent(weight) : "";
    });
    this.choice.show(chosen);
    this.#shown = { row, from };
    this.#drawLines();
  }

  #layOut() {
    const [first, ...rest] = this.#words.children;
    if (!first) return;
    this.#words.style.paddingTop = "";
    this.#words.classList.remove("one-line");
    const last = rest.at(-1) ?? first;
    const oneLine = rest.every((button) => button.offsetTop === first.offsetTop);
    this.#words.classList.toggle("one-line", oneLine);
    this.arcLimit = oneLine ? TALLEST_ARC : parseFloat(getComputedStyle(this.#words).paddingTop) - 10;
    if (oneLine) this.#words.style.paddingTop = `${arcHeight(last.offsetLeft - first.offsetLeft) + 30}px`;
    if (this.#shown) this.#drawLines();
  }

  #drawLines() {
    const { row, from } = this.#shown;
    const boxes = [...this.#words.children];
    const targets = [...row.keys()].filter((to) => isDrawn(row[to])).sort((a, b) => row[b] - row[a]);
    const lines = targets.slice(0, MOST_LINES).map((to) => {
      const line = document.createElementNS(this.#lines.namespaceURI, "path");
      line.setAttribute("d", this.#curve(this.#box(boxes[from]), this.#box(boxes[to])));
      line.setAttribute("stroke-width", 1.2 + 16 * row[to]);
      line.setAttribute("opacity", 0.25 + 0.6 * Math.sqrt(row[to]));
      return line;
    });
    this.#lines.replaceChildren(...lines.reverse());
  }

  // Lines from below end under the share, where there is one.
  #box(button) {
    const [word, share] = [...button.children].map((child) => child.getBoundingClientRect());
    const outer = this.place.getBoundingClientRect();
    const { bottom } = button.lastChild.textContent ? share : word;
    return { x: (word.left + word.right) / 2 - outer.left, top: word.top - outer.top, bottom: bottom - outer.top };
  }

  // An arc above the line; between lines an S; from a word to itself a loop.
  #curve(from, to) {
    if (from === to || (from.x === to.x && from.top === to.top))
      return `M${from.x - 12} ${from.top} c-16 -44 40 -44 24 0`;
    const [start, end] = from.top < to.top ? [from.bottom, to.top] : [from.top, to.bottom];
    if (Math.abs(from.top - to.top) > 8) {
      const middle = (start + end) / 2;
      return `M${from.x} ${start} C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${end}`;
    }
    const height = Math.min(this.arcLimit, arcHeight(from.x - to.x)) * (4 / 3);
    return `M${from.x} ${from.top} C${from.x} ${from.top - height} ${to.x} ${to.top - height} ${to.x} ${to.top}`;
  }
}
