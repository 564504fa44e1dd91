// SPDX-License-Identifier: Apache-2.0
// A group of buttons of which one is chosen. One tab stop; arrow keys move the choice.
"use strict";

class Choice {
  #buttons = [];
  #columns = 1;

  constructor(place, label, choose) {
    this.place = place;
    this.choose = choose;
    place.setAttribute("role", "radiogroup");
    place.setAttribute("aria-label", label);
    place.addEventListener("click", (event) => this.#click(event));
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  // Buttons in reading order, `columns` in a row.
  setButtons(buttons, columns) {
    this.#buttons = buttons;
    this.#columns = columns;
    for (const button of buttons) button.setAttribute("role", "radio");
  }

  show(chosen) {
    this.#buttons.forEach((button, index) => {
      button.setAttribute("aria-checked", index === chosen);
      button.tabIndex = index === chosen ? 0 : -1;
    });
  }

  indexOf(target) {
    return this.#buttons.indexOf(target.closest("button"));
  }

  #click(event) {
    const index = this.indexOf(event.target);
    if (index >= 0) this.choose(index);
  }

  #key(event) {
    const index = this.indexOf(event.target);
    const forward = getComputedStyle(this.place).direction === "rtl" ? -1 : 1;
    const last = this.#buttons.length - 1;
    const targets = {
      ArrowLeft: index - forward,
      ArrowRight: index + forward,
      ArrowUp: index - this.#columns,
      ArrowDown: index + this.#columns,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (index < 0 || target === undefined) return;
    event.preventDefault();
    if (target < 0 || target > last) return;
    this.choose(target);
    this.#buttons[target].focus();
  }
}
