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
document.querySelectorAll(".timeline").forEach((figure) => sight.observe(figure));
addEventListener("beforeprint", () => document.querySelectorAll(".scenario").forEach((each) => { each.open = true; }));
if (location.hash.length > 1) jump(location.hash.slice(1));
