// A photograph on which one draws around a region; the closed line goes to Python as fractions of width and height.
const lassos = new WeakMap();
const CLOSE = 4;  // pixels between two points of the line

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".lasso");
  let lasso = lassos.get(root);
  if (!lasso) {
    lasso = new Lasso(root);
    lassos.set(root, lasso);
  }
  lasso.done = (points) => setTriggerValue("drawn", points);
  lasso.show(data);
}

class Lasso {
  constructor(root) {
    this.picture = root.querySelector("img");
    this.line = root.querySelector("polyline");
    this.screen = root.querySelector("svg");
    this.points = null;
    this.screen.addEventListener("pointerdown", (event) => {
      this.screen.setPointerCapture(event.pointerId);
      this.points = [this.place(event)];
    });
    this.screen.addEventListener("pointermove", (event) => {
      if (!this.points) return;
      const here = this.place(event), last = this.points.at(-1);
      const box = this.screen.getBoundingClientRect();
      if (Math.hypot((here[0] - last[0]) * box.width, (here[1] - last[1]) * box.height) < CLOSE) return;
      this.points.push(here);
      this.draw();
    });
    this.screen.addEventListener("pointerup", () => {
      const points = this.points;
      this.points = null;
      this.draw();
      if (points && points.length > 2) this.done(points);
    });
  }

  show(data) {
    this.picture.src = data.picture;
    this.picture.alt = data.alt;
    this.line.setAttribute("stroke", data.adds ? "#56b4e9" : "#e69f00");
  }

  place(event) {
    const box = this.screen.getBoundingClientRect();
    const within = (value) => Math.min(Math.max(value, 0), 1);
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  draw() {
    this.line.setAttribute("points", (this.points ?? []).map(([x, y]) => `${100 * x},${100 * y}`).join(" "));
  }
}
