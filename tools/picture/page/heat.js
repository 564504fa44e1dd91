// SPDX-License-Identifier: Apache-2.0
// The colours of weights and maps made of them. Shades follow the square root of a weight: most weights are small, and
// a head that spreads its attention would look blank on a straight scale. The legend says so by its marks.
"use strict";

const SHADES = 256;

class HeatScale {
  constructor() {
    const stops = getComputedStyle(document.documentElement).getPropertyValue("--heat").split(",");
    this.stops = stops.map((stop) => [1, 3, 5].map((at) => parseInt(stop.trim().slice(at, at + 2), 16)));
    this.shades = Array.from({ length: SHADES }, (_, i) => this.#mixed(i / (SHADES - 1)));
    this.pixels = Uint32Array.from(this.shades, ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
  }

  static place(weight) {
    return Math.sqrt(Math.min(weight, 1));
  }

  index(weight) {
    return Math.round(HeatScale.place(weight) * (SHADES - 1));
  }

  // Black or white, whichever is read better on the shade of this weight.
  textColor(weight) {
    const [r, g, b] = this.shades[this.index(weight)];
    return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#191d26" : "#ffffff";
  }

  gradient() {
    return `linear-gradient(to right, ${this.stops.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;
  }

  #mixed(place) {
    const position = place * (this.stops.length - 1);
    const lower = Math.min(Math.floor(position), this.stops.length - 2);
    return this.stops[lower].map((c, i) => Math.round(c + (this.stops[lower + 1][i] - c) * (position - lower)));
  }
}

// Draws a map of count x count weights on the canvas, a pixel per weight, or per block of weights (by its largest one)
// where the map has more than `side` rows.
function drawMap(canvas, map, count, side, scale) {
  const size = Math.max(1, Math.min(count, side));
  const largest = new Float32Array(size * size);
  const block = Int32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
  for (let row = 0, i = 0; row < count; ++row)
    for (let column = 0; column < count; ++column, ++i) {
      const pixel = block[row] * size + block[column];
      if (map[i] > largest[pixel]) largest[pixel] = map[i];
    }
  canvas.width = canvas.height = size;
  const image = new ImageData(size, size);
  new Uint32Array(image.data.buffer).set(Uint32Array.from(largest, (weight) => scale.pixels[scale.index(weight)]));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function drawLegend(place, scale) {
  const bar = element("i");
  bar.style.background = scale.gradient();
  const marks = [0, 0.1, 0.25, 0.5, 1].map((weight) => {
    const mark = element("b", { textContent: `${100 * weight}%` });
    mark.style.left = `${100 * HeatScale.place(weight)}%`;
    return mark;
  });
  place.replaceChildren(bar, ...marks);
}
