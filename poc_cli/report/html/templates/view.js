// --- a view: one drawing of a timeline, from one moment to another

class View {
  constructor(figure, plot, data, [from, to]) {
    Object.assign(this, { figure, plot, data, from, to, first: from, last: to, chosen: -1, tapped: -1 });
    this.svg = plot.querySelector("svg");
    this.rect = () => this.svg.getBoundingClientRect();
    plot.classList.add("live");
    plot.setAttribute("tabindex", "0");
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", this.svg.getAttribute("aria-label") +
      ". Arrow keys move between events, Enter goes to the event's line, plus and minus zoom, 0 shows all.");
    this.tools();
    this.listen();
    this.draw();
  }

  tools() {
    const bar = make("div", { class: "tools" });
    this.range = make("output", {});
    this.buttons = [["−", "zoom out", () => this.zoom(2)], ["+", "zoom in", () => this.zoom(.5)],
      ["‹", "earlier", () => this.pan(-.5)], ["›", "later", () => this.pan(.5)], ["all", "show all", () => this.all()]]
      .map(([text, label, action]) => {
        const button = make("button", { type: "button", "aria-label": label, title: label }, text);
        button.addEventListener("click", action);
        return button;
      });
    bar.append(this.range, ...this.buttons);
    this.plot.after(bar);
  }

  all() { this.from = this.first; this.to = this.last; this.draw(); }
  pan(share) { this.shift((this.to - this.from) * share); }

  shift(by) {
    const length = this.to - this.from;
    this.from = Math.max(0, Math.min(this.data.end - length, this.from + by));
    this.to = this.from + length;
    this.draw();
  }

  zoom(factor, at = (this.from + this.to) / 2) {
    const length = Math.min(this.data.end, Math.max(100, (this.to - this.from) * factor)); // down to 0.1 ms
    const share = (at - this.from) / (this.to - this.from);
    this.from = Math.max(0, Math.min(this.data.end - length, at - share * length));
    this.to = this.from + length;
    this.draw();
  }

  x(at) { return 100 * (at - this.from) / (this.to - this.from); }

  draw() {
    const bins = Math.max(24, this.rect().width / BIN);
    const all = document.createDocumentFragment();
    this.hits = [];
    let y = this.data.faults.length ? LABEL : 2;
    for (const lane of this.data.lanes) {
      all.append(svg("text", { x: 0, y: y + LABEL - 4, class: "label" }, lane.heading));
      y += LABEL;
      const flags = this.flags(lane.stretches, y + LABEL - 4);
      all.append(...flags);
      y += flags.length ? LABEL : 0;
      this.stretches(all, lane, y);
      this.marks(all, lane, y, bins);
      y += BAR + GAP;
    }
    this.faults(all, y);
    this.axis(all, y);
    this.svg.setAttribute("height", y + AXIS);
    this.svg.replaceChildren(all);
    this.hits.sort((one, other) => one.at - other.at);
    this.chosen = this.tapped = -1;
    const whole = this.from === this.first && this.to === this.last;
    this.range.textContent = `${seconds(this.from)} to ${seconds(this.to)} s`;
    this.buttons[4].disabled = whole;
    this.plot.classList.toggle("zoomed", !whole);
  }

  hit(at, x, end, y, height, title, event) { this.hits.push({ at, x, end, y, height, title, event }); }

  rectangle(all, x, w, y, h, style) {
    all.append(svg("rect", { x: x + "%", y, width: Math.max(.01, w) + "%", height: h, class: "s " + style }));
  }

  stretches(all, lane, y) {
    for (const [from, to, kind, title, event] of lane.stretches) {
      if (to < this.from || from > this.to) continue;
      const x = Math.max(0, this.x(from)), end = Math.min(100, this.x(to));
      const [top, height] = kind === "open" ? [y + BAR / 2 - 2, 4] : [y, BAR];
      this.rectangle(all, x, end - x, top, height, kind);
      this.hit(Math.max(from, this.from), x, end, y, BAR, title, event);
    }
  }

  flags(stretches, y) {
    const found = [];
    let free = 0;
    for (const [from, to, kind, , , flag] of stretches) {
      if (!flag || to < this.from || from > this.to) continue;
      const room = (7 * flag.length + 14) * 100 / Math.max(300, this.rect().width); // seven pixels a letter, in per cent
      const x = Math.max(0, this.x(from)), right = x >= 50, place = right ? Math.min(100, this.x(to)) : x;
      if (x < free || (right && place - room < free)) continue;
      const dx = kind === "fault" ? (right ? -4 : 4) : 0; // beside its line
      found.push(svg("text", { x: place + "%", y, dx, "text-anchor": right ? "end" : "start", class: kind }, flag));
      free = place + (right ? 1 : room);
    }
    return found;
  }

  marks(all, lane, y, bins) {
    const within = (this.to - this.from) / bins, going = {};
    for (const [at, kind, event] of lane.marks) {
      if (at < this.from || at > this.to) continue;
      const [name, style] = this.data.kinds[kind];
      let group = going[style];
      if (!group || at - group.at > within) {
        this.mark(all, lane, y, group);
        group = going[style] = { at, style, event, number: 0, names: {} };
      }
      group.last = at;
      group.number += 1;
      group.names[name] = (group.names[name] || 0) + 1;
    }
    for (const group of Object.values(going)) this.mark(all, lane, y, group);
  }

  mark(all, lane, y, group) {
    if (!group) return;
    const x = this.x(group.at), end = this.x(group.last), [top, height] = PLACES[group.style] || [0, BAR];
    if (group.style === "broken" || group.style === "failed") {
      const place = svg("svg", { x: x + "%", y, class: "s " + group.style });
      place.append(svg("path", { d: "M-4 2l8 10M4 2l-8 10" }));
      all.append(place);
    } else {
      this.rectangle(all, x, end - x, y + top, height, group.style + (group.number > 1 ? " many" : ""));
    }
    const names = Object.entries(group.names).map(([name, number]) => `${number.toLocaleString("en")} ${name}`).join(", ");
    const many = `${lane.label}: ${names}, from ${seconds(group.at)} to ${seconds(group.last)} s`;
    this.hit(group.at, x, end, y + top, height, group.number > 1 ? many : null, group.event);
  }

  faults(all, y) {
    all.append(...this.flags(this.data.faults.map(([at, name, event]) => [at, at, "fault", name, event, name]), LABEL - 4));
    for (const [at, name, event] of this.data.faults) {
      if (at < this.from || at > this.to) continue;
      const x = this.x(at);
      this.rectangle(all, x, 0, 2, y - 4, "fault");
      this.hit(at, x, x, 2, LABEL, name, event);
    }
  }

  axis(all, y) {
    const from = this.from / 1e6, to = this.to / 1e6, rough = (to - from) / TICKS;
    const power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const x = this.x(at * 1e6);
      this.rectangle(all, x, 0, y, 4, "tick");
      const side = x < 1 ? "start" : x > 97 ? "end" : "middle";
      all.append(svg("text", { x: x + "%", y: y + 16, "text-anchor": side, class: "scale" }, at.toFixed(digits) + " s"));
    }
  }

  // --- pointing and keys

  nearest(event) {
    const box = this.rect(), px = event.clientX - box.left, py = event.clientY - box.top;
    let best = -1, closest = REACH + 1;
    this.hits.forEach((hit, index) => {
      if (py < hit.y - 5 || py > hit.y + hit.height + 5) return;
      const left = hit.x / 100 * box.width, right = hit.end / 100 * box.width;
      const wide = right - left > 2 * REACH;
      // A mark is meant before the stretch that it lies on.
      const far = px < left ? left - px : px > right ? px - right : wide ? REACH : 0;
      if (far < closest) { closest = far; best = index; }
    });
    return best;
  }

  show(index) {
    const hit = this.hits[index];
    if (this.cursor) this.cursor.remove();
    tip.hidden = !hit;
    this.chosen = index;
    if (!hit) return;
    const line = hit.title === null ? document.getElementById("e" + hit.event) : null;
    tip.textContent = hit.title || (line ? line.textContent.trim() : `${seconds(hit.at)}  event ${hit.event}, not shown in the transcript`);
    this.cursor = svg("line", { x1: hit.x + "%", x2: hit.x + "%", y1: hit.y - 3, y2: hit.y + hit.height + 3, class: "cursor" });
    this.svg.append(this.cursor);
    const box = this.rect(), left = box.left + Math.max(0, hit.x) / 100 * box.width;
    const most = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = scrollX + Math.max(8, Math.min(left, most)) + "px";
    tip.style.top = scrollY + box.top + hit.y + hit.height + 10 + "px";
  }

  go() { const hit = this.hits[this.chosen]; if (hit) { tip.hidden = true; jump(lineOf(this.figure, hit.event).id); } }

  key(event) {
    const last = this.hits.length - 1, ways = {
      ArrowRight: () => (event.shiftKey ? this.pan(.25) : this.show(Math.min(last, this.chosen + 1))),
      ArrowLeft: () => (event.shiftKey ? this.pan(-.25) : this.show(Math.max(0, this.chosen - 1))),
      Enter: () => this.go(), Escape: () => this.show(-1),
      "+": () => this.zoom(.5), "=": () => this.zoom(.5), "-": () => this.zoom(2), 0: () => this.all(),
    };
    const way = event.ctrlKey || event.metaKey || event.altKey ? undefined : ways[event.key];
    if (!way) return;
    event.preventDefault();
    way();
  }

  listen() {
    let held = null, last = null;
    const on = (name, action, options) => this.plot.addEventListener(name, action, options);
    on("keydown", (event) => this.key(event));
    on("blur", () => this.show(-1));
    on("pointerleave", () => { if (!held) this.show(-1); });
    on("pointerdown", (event) => { held = { x: event.clientX, moved: false, touch: event.pointerType !== "mouse", chosen: this.tapped }; });
    on("pointermove", (event) => {
      if (!held) { this.show(this.nearest(event)); return; }
      const by = event.clientX - held.x;
      if (!held.moved && Math.abs(by) < 6) return;
      held.moved = true;
      held.x = event.clientX;
      this.plot.setPointerCapture(event.pointerId);
      this.shift(-by / this.rect().width * (this.to - this.from));
    });
    on("pointercancel", () => { held = null; });
    on("pointerup", () => { last = held; held = null; });
    // Not before the click: the browser gives the focus to the drawing between the two.
    on("click", (event) => {
      if (!last || last.moved) return;
      const index = this.nearest(event);
      // A mouse has seen what it points at; a finger sees it first and goes there with a second tap.
      const seen = !last.touch || index === last.chosen;
      this.show(index);
      this.tapped = index;
      if (seen) this.go();
    });
    on("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = this.rect(), share = (event.clientX - box.left) / box.width;
      this.zoom(event.deltaY > 0 ? 1.3 : 1 / 1.3, this.from + share * (this.to - this.from));
    }, { passive: false });
    addEventListener("resize", () => { if (this.svg.isConnected) this.draw(); });
  }
}
