// SPDX-License-Identifier: Apache-2.0
// What is chosen, kept in the address so that a view can be linked to, and the words around the three views.
"use strict";

const MOST_BESIDE = 26; // words: the map of more takes the whole width, for the sake of its labels

const byId = (id) => document.getElementById(id);
const sources = [...document.querySelectorAll(".picture")];
const chosen = {}; // text, layer, head, token, marks, pieces
let picture, words, map, scale, preview;

const sentence = new SentenceView(byId("sentence"), {
  choose: chooseWord,
  preview: (index) => {
    preview = index;
    showWord();
  },
});
const overview = new Overview(byId("overview"), (layer, head) => choose({ layer, head }));
const heatMap = new HeatMap(byId("heat-map"), chooseWord);

// ---- the address: everything counts from 1 ----

function readAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const index = (name, count, otherwise) => {
    const value = Number(fields.get(name)) - 1;
    return Number.isInteger(value) && value >= 0 && value < count ? value : otherwise;
  };
  loadText(index("text", sources.length, 0));
  chosen.layer = index("layer", picture.layers, picture.layer);
  chosen.head = fields.get("head") === "mean" ? MEAN : index("head", picture.heads, picture.head);
  chosen.token = index("token", picture.tokens.length, picture.token);
  chosen.marks = fields.has("marks");
  chosen.pieces = fields.has("pieces");
}

function writeAddress() {
  const fields = new URLSearchParams();
  if (sources.length > 1) fields.set("text", chosen.text + 1);
  fields.set("layer", chosen.layer + 1);
  fields.set("head", chosen.head === MEAN ? "mean" : chosen.head + 1);
  fields.set("token", chosen.token + 1);
  for (const name of ["marks", "pieces"]) if (chosen[name]) fields.set(name, "shown");
  history.replaceState(null, "", `#${fields}`);
}

// ---- choosing ----

function loadText(text) {
  chosen.text = text;
  picture = new Picture(sources[text]);
  preview = -1;
  Object.assign(chosen, { layer: picture.layer, head: picture.head, token: picture.token });
  overview.setPicture(picture);
  document.title = `Attention: ${picture.text}`;
  byId("overview-title").textContent = `All ${picture.layers * picture.heads} heads`;
}

function choose(changes) {
  Object.assign(chosen, changes);
  if ("marks" in changes || "pieces" in changes) showWords();
  showMap();
  writeAddress();
}

function chooseWord(index) {
  choose({ token: words[index].tokens[0] });
}

// The word of the chosen token; the first one while that token is hidden.
function chosenWord() {
  return Math.max(0, words.findIndex((word) => word.tokens.includes(chosen.token)));
}

// ---- showing ----

function showAll() {
  scale = new HeatScale();
  drawLegend(byId("legend-scale"), scale);
  byId("text").value = chosen.text;
  byId("marks").checked = chosen.marks;
  byId("marks").closest("label").hidden = !picture.hasMarks;
  byId("pieces").checked = chosen.pieces;
  byId("pieces-choice").hidden = !picture.hasPieces;
  showWords();
  showMap();
}

function showWords() {
  words = picture.shown(chosen);
  byId("hidden-share").hidden = chosen.marks || !picture.hasMarks;
  byId("columns").classList.toggle("wide", words.length > MOST_BESIDE);
  sentence.setWords(words, picture.rightToLeft);
  overview.draw(words, scale);
}

function showMap() {
  const name = placeName(picture, chosen.layer, chosen.head);
  map = picture.map(words, chosen.layer, chosen.head);
  overview.show(chosen.layer, chosen.head);
  byId("place").textContent = `${picture.model} · ${name}`;
  byId("map-title").textContent = name[0].toUpperCase() + name.slice(1);
  heatMap.show({ words, map, from: chosenWord(), name }, scale);
  showWord();
}

function showWord() {
  if (words.length === 0) return;
  const from = preview >= 0 ? preview : chosenWord();
  const row = map.subarray(from * words.length, (from + 1) * words.length);
  sentence.show(row, from, chosenWord());
  showHeadline(row, from);
}

// Tells where most of the attention goes, even if that is to marks that are not shown.
function showHeadline(row, from) {
  const quoted = (index, className) =>
    element("span", { className }, "“", element("bdi", { textContent: words[index].label }), "”");
  const order = [...row.keys()].sort((a, b) => row[b] - row[a]);
  const hidden = 1 - row.reduce((sum, weight) => sum + weight, 0);
  const toMarks = hidden > row[order[0]];
  const [most] = toMarks ? [] : order.splice(0, 1);
  const target = toMarks ? "no word" : most === from ? "itself" : quoted(most, "to");
  const share = percent(toMarks ? hidden : row[most]);
  byId("headline").replaceChildren(quoted(from, "from"), ` gives ${share} of its attention to `, target);
  const next = order.slice(0, 3).filter((index) => isDrawn(row[index]));
  const parts = next.flatMap((index, i) => [i ? ", " : "then ", quoted(index, ""), ` ${percent(row[index])}`]);
  if (toMarks) parts.unshift(`but to [CLS] and [SEP], the marks around the text${parts.length ? "; " : ""}`);
  else if (isDrawn(hidden))
    parts.push(`${parts.length ? "; " : ""}[CLS] and [SEP], the marks around the text, get ${percent(hidden)}`);
  byId("others").replaceChildren(...parts);
}

function start() {
  byId("nothing").hidden = true;
  document.querySelector("main").hidden = false;
  byId("text-choice").hidden = sources.length < 2;
  sources.forEach((source, index) => {
    const { text } = JSON.parse(source.textContent);
    byId("text").append(element("option", { value: index, textContent: text || "(empty)" }));
  });
  byId("text").addEventListener("change", (event) => {
    loadText(Number(event.target.value));
    showAll();
    writeAddress();
  });
  for (const name of ["marks", "pieces"])
    byId(name).addEventListener("change", (event) => choose({ [name]: event.target.checked }));
  const redraw = () => {
    readAddress();
    showAll();
  };
  addEventListener("hashchange", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
  redraw();
}

if (sources.length > 0) start();
