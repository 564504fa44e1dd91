// SPDX-License-Identifier: Apache-2.0
// A small map of every head: a row per layer, a column per head, the mean of the layer's heads at the end.
"use strict";

const THUMBNAIL = 64; // pixels

class Overview {
  #drawing = 0;

  constructor(place, choose) {
    this.place = place;
    this.choice = new Choice(place, "Layer and head", (index) => {
      const columns = this.picture.heads + 1;
      const column = index % columns;
      choose(Math.floor(index / columns), column === this.picture.heads ? MEAN : column);
    });
  }

  setPicture(picture) {
    this.picture = picture;
    const { layers, heads } = picture;
    const side = (text) => element("span", { className: "side", textContent: text });
    this.buttons = Array.from({ length: layers }, (_, layer) =>
      Array.from({ length: heads + 1 }, (_, column) => this.#button(layer, column === heads ? MEAN : column)));
    this.place.style.gridTemplateColumns = `auto repeat(${heads + 1}, minmax(0, 1fr))`;
    this.place.replaceChildren(
      side("head"),
      ...Array.from({ length: heads }, (_, head) => element("span", { textContent: head + 1 })),
      element("span", { textContent: "mean" }),
      ...this.buttons.flatMap((row, layer) => [side(layer ? layer + 1 : "layer 1"), ...row]),
    );
    this.choice.setButtons(this.buttons.flat(), heads + 1);
  }

  // A layer per frame: the maps of a long text take a while.
  draw(words, scale) {
    const drawing = ++this.#drawing;
    const drawLayer = (layer) => {
      if (drawing !== this.#drawing || layer === this.picture.layers) return;
      this.buttons[layer].forEach((button, column) => {
        const map = this.picture.map(words, layer, column === this.picture.heads ? MEAN : column);
        drawMap(button.firstChild, map, words.length, THUMBNAIL, scale);
      });
      requestAnimationFrame(() => drawLayer(layer + 1));
    };
    drawLayer(0);
  }

  show(layer, head) {
    this.choice.show(layer * (this.picture.heads + 1) + (head === MEAN ? this.picture.heads : head));
  }

  #button(layer, head) {
    const name = placeName(this.picture, layer, head);
    const opening = layer === this.picture.layer && head === this.picture.head;
    const className = opening ? "opening" : "";
    const button = element("button", { type: "button", title: name, className }, element("canvas"));
    button.setAttribute("aria-label", name);
    return button;
  }
}
