// The stage draws by itself: slider, layers and swipe answer in the browser; Python only hears of them, for the URL.
const STEP_MS = 1400, QUIET_MS = 90;
const stages = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".stage");
  let stage = stages.get(root);
  if (!stage) {
    stage = new Stage(root);
    stages.set(root, stage);
  }
  stage.tell = setStateValue;
  stage.show(data);
  return () => stage.pause();
}

class Stage {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector(name);
    this.parts = {
      when: find(".when"), told: find(".told"), screen: find(".screen"), frames: find(".frames"), before: find(".before"),
      seam: find(".seam"), cut: find(".cut"), left: find(".tag.left"), right: find(".tag.right"), play: find(".play"),
      at: find(".at"), ticks: find(".ticks"), opacity: find(".opacity input"), swipe: find(".swipe input"),
      opacityLabel: find(".opacity"), words: find(".words"), status: find(".status"), line: find(".line"),
      curve: find(".curve"), gauge: find(".gauge"), alerts: find(".alerts"), forecast: find(".forecast"),
      sure: find(".sure"), action: find(".action"), note: find(".note"), layers: [...root.querySelectorAll(".layers button")],
    };
    const { at, cut, opacity, swipe, play, layers } = this.parts;
    at.addEventListener("input", () => { this.pause(); this.go(Number(at.value)); });
    cut.addEventListener("input", () => root.style.setProperty("--cut", cut.value + "%"));
    opacity.addEventListener("input", () => root.style.setProperty("--opacity", opacity.value));
    swipe.addEventListener("change", () => this.look());
    play.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    layers.forEach((one) => one.addEventListener("click", () => { this.layer = one.dataset.layer; this.look(); }));
    this.layer = "none";
    this.now = 0;
  }

  show(data) {
    if (this.id === data.id) return;  // the page was drawn anew around a stage that has not changed
    this.pause();
    const first = this.id === undefined;
    this.id = data.id;
    this.moments = data.moments;
    if (first) {
      this.layer = data.layer;
      this.parts.swipe.checked = data.swipe;
    }
    this.parts.screen.style.aspectRatio = `${data.width} / ${data.height}`;
    this.parts.frames.replaceChildren(...data.moments.map(frame));
    this.parts.before.replaceChildren(frame(data.moments[0]));
    this.parts.at.max = data.moments.length - 1;
    this.ticks();
    this.go(Math.min(data.start, data.moments.length - 1), false);
    this.look();
  }

  ticks() {
    const n = this.moments.length, every = Math.max(1, Math.ceil(n / 9));
    const shown = this.moments.map((moment, k) => [moment.when, k]).filter(([, k]) => k % every === 0 && k + every <= n || k === n - 1);
    this.parts.ticks.replaceChildren(...shown.map(([when, k]) => {
      const tick = document.createElement("span");
      tick.textContent = when;
      tick.style.left = `${n > 1 ? (100 * k) / (n - 1) : 0}%`;
      return tick;
    }));
  }

  go(index, tell = true) {
    this.now = index;
    const moment = this.moments[index], { at, when, told, frames, right } = this.parts;
    at.value = index;
    at.setAttribute("aria-valuetext", `${moment.when}: ${moment.told}`);
    when.textContent = moment.when;
    told.textContent = moment.told;
    told.classList.toggle("over", moment.over);
    right.textContent = moment.when;
    this.facts(moment);
    [...frames.children].forEach((one, k) => one.classList.toggle("on", k === index));
    if (!tell) return;
    clearTimeout(this.telling);  // while the slider is dragged, Python hears of where it rests
    this.telling = setTimeout(() => this.tell("time", index), this.timer ? 0 : QUIET_MS);
  }

  facts(moment) {
    const { words, status, line, curve, gauge, alerts, forecast, sure, action, note } = this.parts;
    for (const [place, text] of [[words, moment.words], [line, moment.line], [forecast, moment.forecast],
      [sure, moment.sure], [action, moment.action], [note, moment.note], [status, moment.status.word]]) {
      place.textContent = text;
      place.hidden = !text;
    }
    status.dataset.status = moment.status.name;
    status.title = moment.status.says;
    // Drawings come from the server, which puts nothing into them but numbers and units.
    curve.innerHTML = moment.curve;
    curve.setAttribute("aria-label", `Rusted share up to ${moment.when}. ${moment.forecast}`);
    gauge.innerHTML = moment.gauge;
    gauge.setAttribute("aria-label", moment.health);
    alerts.replaceChildren(...moment.alerts.map(({ certain, text }) => {
      const alert = document.createElement("div");
      alert.className = certain ? "alert certain" : "alert";
      alert.textContent = `${certain ? "▲" : "△"} ${text}`;
      return alert;
    }));
  }

  look() {
    const { layers, before, seam, cut, left, right, swipe, opacityLabel } = this.parts;
    layers.forEach((one) => {
      one.disabled = one.dataset.layer !== "none" && !this.moments.some((moment) => moment[one.dataset.layer]);
      one.setAttribute("aria-pressed", String(one.dataset.layer === this.layer));
    });
    this.root.dataset.layer = this.layer;
    opacityLabel.hidden = this.layer === "none";
    [before, seam, cut, left, right].forEach((one) => { one.hidden = !swipe.checked; });
    left.textContent = this.moments[0].when;
    this.tell("look", { layer: this.layer, swipe: swipe.checked });
  }

  play() {
    const last = this.moments.length - 1;
    if (this.now >= last) this.go(0);
    this.timer = setInterval(() => {
      if (this.now >= last) this.pause();
      else this.go(this.now + 1);
    }, STEP_MS);
    this.face();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.face();
  }

  face() {
    const { play } = this.parts;
    play.textContent = this.timer ? "❚❚" : "▶";
    play.setAttribute("aria-label", this.timer ? "Pause" : "Play");
  }
}

function frame(moment) {
  const box = document.createElement("div");
  box.className = "frame";
  for (const name of ["photo", "heat", "rust"]) {
    if (!moment[name]) continue;
    const picture = document.createElement("img");
    picture.className = name;
    picture.src = moment[name];
    picture.alt = name === "photo" ? moment.alt : "";
    picture.draggable = false;
    box.append(picture);
  }
  return box;
}
