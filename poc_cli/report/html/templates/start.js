// --- beginning: a timeline is taken over when it comes into sight, so that a long page opens at once

function decoded(text) {
  const data = JSON.parse(text);
  for (const lane of data.lanes) {
    const marks = [];
    for (let n = 0, at = 0, event = 0; n < lane.marks.length; n += 3) {
      at += lane.marks[n];
      event += lane.marks[n + 2];
      marks.push([at, lane.marks[n + 1], event]);
    }
    lane.marks = marks;
  }
  return data;
}

const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    const data = decoded(target.querySelector("script").textContent);
    for (const plot of target.querySelectorAll(".plot")) {
      new View(target, plot, data, plot.dataset.part === "close" ? data.close : [0, data.end]);
    }
  }
}, { rootMargin: "200px" });

function ready(part) {
  part.querySelectorAll(".timeline").forEach((figure) => sight.observe(figure));
  part.querySelectorAll("button.copy").forEach((button) => { button.hidden = false; });
}

// --- a command to copy

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch { // not allowed: select it, so that a key copies it
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = said; }, 2000);
});

// --- search and filters

const filters = document.getElementById("filters");
const scenarios = [...document.querySelectorAll("details.scenario")];

function filter() {
  const [text, verdict, theme] = ["text", "verdict", "theme"].map((name) => filters.querySelector(`[name=${name}]`)?.value || "");
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of scenarios) {
    const { dataset } = section;
    const fits = (!verdict || dataset.verdict === verdict) && (!theme || dataset.theme === theme)
      && words.every((word) => dataset.text.includes(word));
    section.hidden = !fits;
    shown += fits;
  }
  filters.querySelector("output").textContent = `${shown} of ${scenarios.length} scenarios`;
}

if (filters) {
  filters.hidden = scenarios.length < 2;
  filters.addEventListener("input", filter);
}
scenarios.forEach((each) => each.addEventListener("toggle", () => { if (each.open) fill(each); }));
addEventListener("beforeprint", () => scenarios.forEach((each) => { if (!each.hidden) { fill(each); each.open = true; } }));
ready(document);
if (location.hash.length > 1) jump(wanted());
