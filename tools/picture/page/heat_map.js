// SPDX-License-Identifier: Apache-2.0
// The large map: a row per word that looks, a column per word that is looked at, values on hover or by arrow keys.
"use strict";

const LARGEST_CELL = 46;
const CLOSEST_LABELS = 11; // pixels from one to the next; where there are less, only every second or later word has one
const SLANT = Math.SQRT1_2; // of the labels above: they lean to the right by 45 degrees
const WIDEST_LABEL = 96;

class HeatMap {
  #canvas = element("canvas", { tabIndex: 0 });
  #tip = element("div", { className: "tip", hidden: true });
  #image = document.createElement("canvas");
  #cell = null; // { row, column } under the pointer or the keyboard

  constructor(place, choose) {
    this.place = place;
    this.choose = choose;
    this.#canvas.setAttribute("role", "application");
    this.#tip.setAttribute("role", "status");
    place.append(this.#canvas, this.#tip);
    this.#canvas.addEventListener("pointermove", (event) => this.#point(this.#cellAt(event)));
    this.#canvas.addEventListener("pointerleave", () => this.#point(null));
    this.#canvas.addEventListener("blur", () => this.#point(null));
    this.#canvas.addEventListener("click", (event) => this.#pick(this.#cellAt(event)));
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.view && this.#draw()).observe(place);
  }

  // view: words, map, from, name
  show(view, scale) {
    if (view.map !== this.view?.map) this.#cell = null;
    this.view = view;
    this.scale = scale;
    const label = `Heat map of ${view.name}; arrow keys walk over it, Enter picks the row's word`;
    this.#canvas.setAttribute("aria-label", label);
    this.#draw();
    this.#showTip();
  }

  #draw() {
    this.#measure();
    const { width, height, left, top, cell } = this.layout;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#canvas.style.height = `${height}px`;
    const context = this.#canvas.getContext("2d");
    context.scale(ratio, ratio);
    this.style = getComputedStyle(this.place);
    const count = this.view.words.length;
    drawMap(this.#image, this.view.map, count, Math.round(cell * count * ratio), this.scale);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#image, left, top, cell * count, cell * count);
    this.#drawFrame(context);
    this.#drawLabels(context);
    if (cell >= 25) this.#drawValues(context);
  }

  #measure() {
    const context = this.#canvas.getContext("2d");
    const width = this.place.clientWidth;
    const count = Math.max(1, this.view.words.length);
    context.font = this.#font(13);
    const texts = ["looks ↓", ...this.view.words.map((word) => word.label)];
    const widest = Math.ceil(Math.max(...texts.map((text) => context.measureText(text).width)));
    const label = Math.min(WIDEST_LABEL, widest, 0.24 * width) + 8;
    const cell = Math.min(LARGEST_CELL, (width - label - SLANT * label - 9) / count);
    const top = SLANT * label + 27;
    this.layout = { width, left: label, top, cell, label, height: Math.ceil(top + cell * count + 2) };
  }

  #font(size, weight = 400) {
    return `${weight} ${size}px ${getComputedStyle(this.place).fontFamily}`;
  }

  #color(name) {
    return this.style.getPropertyValue(name);
  }

  #drawFrame(context) {
    const { left, top, cell } = this.layout;
    const { words, from } = this.view;
    const side = cell * words.length;
    context.strokeStyle = this.#color("--line");
    context.lineWidth = 1;
    context.strokeRect(left, top, side, side);
    context.strokeStyle = this.#color("--from");
    context.lineWidth = 2;
    context.strokeRect(left, top + from * cell, side, cell);
    if (this.#cell) context.strokeRect(left, top + this.#cell.row * cell, side, cell);
    context.strokeStyle = this.#color("--to");
    if (this.#cell) context.strokeRect(left + this.#cell.column * cell, top, cell, side);
    context.fillStyle = this.#color("--quiet");
    context.font = this.#font(12);
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.fillText("looks at →", left, 12);
    context.textAlign = "right";
    context.fillText("looks ↓", left - 8, top - 8);
  }

  #drawLabels(context) {
    const { left, top, cell } = this.layout;
    const { words, from } = this.view;
    const rows = [from, this.#cell?.row].filter((row) => row >= 0);
    const columns = [this.#cell?.column].filter((column) => column >= 0);
    for (const { index, ...look } of this.#labelled(rows, "--from", cell))
      this.#drawLabel(context, words[index].label, left - 8, top + (index + 0.5) * cell, { ...look, align: "right" });
    for (const { index, ...look } of this.#labelled(columns, "--to", SLANT * cell)) {
      context.save();
      context.translate(left + (index + 0.5) * cell, top - 7);
      context.rotate(-Math.PI / 4);
      this.#drawLabel(context, words[index].label, 0, 0, { ...look, align: "left" });
      context.restore();
    }
  }

  // Which words have a label: those that stand out, and of the others as many as there is room for.
  #labelled(strong, color, distance) {
    const step = Math.ceil(CLOSEST_LABELS / distance);
    const size = Math.min(13, step * distance + 1);
    const free = (index) => index % step === 0 && strong.every((other) => Math.abs(index - other) >= step);
    const plain = [...this.view.words.keys()].filter(free);
    const look = (mark) => (index) => ({ index, size, mark });
    return [...plain.map(look("--ink")), ...strong.map(look(color))];
  }

  #drawLabel(context, text, x, y, { size, mark, align }) {
    const room = this.layout.label - 8;
    context.fillStyle = this.#color(mark);
    context.font = this.#font(size, mark === "--ink" ? 400 : 700);
    context.textAlign = align;
    context.textBaseline = "middle";
    let shown = [...text];
    while (shown.length > 1 && context.measureText(shown.join("")).width > room + 2)
      shown = [...shown.slice(0, shown.at(-1) === "…" ? -2 : -1), "…"];
    context.fillText(shown.join(""), x, y);
  }

  #drawValues(context) {
    const { left, top, cell } = this.layout;
    const count = this.view.words.length;
    context.font = this.#font(12);
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.view.map.forEach((weight, index) => {
      if (weight < 0.05) return;
      context.fillStyle = this.scale.textColor(weight);
      const [row, column] = [Math.floor(index / count), index % count];
      context.fillText(Math.round(100 * weight), left + (column + 0.5) * cell, top + (row + 0.5) * cell);
    });
  }

  #cellAt(event) {
    const { left, top, cell } = this.layout;
    const count = this.view.words.length;
    const row = Math.floor((event.offsetY - top) / cell);
    const column = Math.floor((event.offsetX - left) / cell);
    const rowOnly = column < 0 && row >= 0 && row < count;
    return rowOnly || (Math.min(row, column) >= 0 && Math.max(row, column) < count) ? { row, column } : null;
  }

  #pick(cell) {
    if (cell) this.choose(cell.row);
  }

  #point(cell) {
    const inside = cell && cell.column >= 0 ? cell : null;
    if (inside?.row === this.#cell?.row && inside?.column === this.#cell?.column) return;
    this.#cell = inside;
    this.#draw();
    this.#showTip();
  }

  #showTip() {
    this.#tip.hidden = !this.#cell;
    if (!this.#cell) return;
    const { row, column } = this.#cell;
    const { words, map } = this.view;
    const { left, top, cell, width } = this.layout;
    const value = element("b", { textContent: `${(100 * map[row * words.length + column]).toFixed(1)}%` });
    const name = (index) => element("bdi", { textContent: words[index].label });
    this.#tip.replaceChildren(name(row), " → ", name(column), " ", value);
    const half = this.#tip.offsetWidth / 2;
    this.#tip.style.left = `${Math.max(half, Math.min(width - half, left + (column + 0.5) * cell))}px`;
    this.#tip.style.top = `${top + row * cell}px`;
  }

  #key(event) {
    const last = this.view.words.length - 1;
    const { row, column } = this.#cell ?? { row: this.view.from, column: -1 };
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const step = steps[event.key];
    if (event.key === "Enter" || event.key === " ") this.#pick(this.#cell);
    if (event.key === "Escape") this.#point(null);
    const inside = (value) => Math.max(0, Math.min(last, value));
    if (step) this.#point({ row: inside(row + step[0]), column: inside(column + step[1]) });
    if (step || event.key === "Enter" || event.key === " ") event.preventDefault();
  }
}
