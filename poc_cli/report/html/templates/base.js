"use strict";
// Zoom, hover and the way from an event to its line. Without it the page says the same; nothing here makes markup of a text.
const LABEL = 15, BAR = 14, GAP = 9, AXIS = 22, TICKS = 5; // as in drawing.py
const PLACES = { up: [0, BAR / 2], down: [BAR / 2, BAR / 2], in: [3, BAR - 6], step: [3, BAR - 6] };
const BIN = 4; // pixels: marks closer than that are drawn as one
const REACH = 12; // pixels from a mark at which it is meant
const tip = make("div", { class: "tip", role: "status" });
tip.hidden = true;
document.body.append(tip);

function make(name, attributes, text, space) {
  const made = space ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
const svg = (name, attributes, text) => make(name, attributes, text, true);
const seconds = (micro) => (micro / 1e6).toFixed(3);

// --- the way to a line: the last one of the play's transcript that is not later than the event

function lineOf(figure, event) {
  const lines = figure.parentElement.querySelectorAll(".transcript li[id]");
  let low = 0, high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(lines[middle].id.slice(1)) <= event) low = middle + 1; else high = middle;
  }
  return low ? lines[low - 1] : figure.parentElement;
}

function reveal(target) {
  for (let each = target; each; each = each.parentElement) {
    each.hidden = false; // a filter may have hidden it
    if (each.tagName === "DETAILS") { fill(each); each.open = true; }
  }
  target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: "center" });
}

// --- a section that is not open holds its content as data

function fill(section) {
  const body = section.querySelector(":scope > script.body");
  if (!body) return;
  const content = document.createElement("template");
  content.innerHTML = JSON.parse(body.textContent); // written by our templates, which escape what others wrote
  body.replaceWith(content.content);
  ready(section);
}

function found(id) {
  const known = document.getElementById(id);
  if (known) return known;
  const words = `id=${JSON.stringify(JSON.stringify(id)).slice(1, -1)}`;
  const body = [...document.querySelectorAll("script.body")].find((each) => each.textContent.includes(words));
  if (body) fill(body.parentElement);
  return document.getElementById(id);
}

function jump(id) {
  const target = found(id);
  if (!target) return;
  if (wanted() !== id) location.hash = id;
  reveal(target);
}

function wanted() {
  const hash = location.hash.slice(1);
  try { return decodeURIComponent(hash); } catch { return hash; }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const href = link && link.getAttribute("href");
  if (!href || !href.startsWith("#") || href.length < 2) return;
  event.preventDefault();
  jump(href.slice(1));
});
addEventListener("hashchange", () => { const id = wanted(); if (id) jump(id); });
