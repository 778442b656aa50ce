// Traffic that moves: a canvas over the map on which each edge that carries something carries dots.

const SPEED = 70; // of the map's units a second
const MOST_DOTS = 6;
const MOST_PIXELS = 5e6;

/** A point of a quadratic Bézier curve. */
const at = (t, a, b, c) => (1 - t) * (1 - t) * a + 2 * (1 - t) * t * b + t * t * c;

export class Motion {
  constructor(graph, canvas, colours) {
    this.graph = graph;
    this.canvas = canvas;
    this.colours = colours;
    this.edges = [];
    this.moving = !matchMedia('(prefers-reduced-motion: reduce)').matches;

    graph.on('pan zoom resize', () => this.draw(performance.now()));
    requestAnimationFrame(time => this.turn(time));
  }

  /** Where the edges are drawn now; to be called when any has moved. */
  take() {
    this.edges = this.graph.edges().toArray().map(edge => {
      const from = edge.sourceEndpoint(), to = edge.targetEndpoint();
      const bend = edge.controlPoints()?.[0] ?? { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
      return { id: edge.id(), from, bend, to, long: Math.hypot(to.x - from.x, to.y - from.y) || 1, dots: 0, failing: 0, locked: false };
    }).filter(edge => Number.isFinite(edge.from.x));
    this.carry(this.figures ?? new Map());
  }

  /** What they carry, by id. */
  carry(figures) {
    this.figures = figures;
    for (const edge of this.edges) {
      const { perSecond, failedPerSecond, mutualTls } = figures.get(edge.id) ?? { perSecond: 0 };
      edge.dots = perSecond > 0 ? Math.min(MOST_DOTS, 1 + Math.floor(Math.log2(1 + perSecond))) : 0;
      edge.failing = perSecond > 0 ? failedPerSecond / perSecond : 0;
      edge.locked = mutualTls;
    }
    this.draw(performance.now());
  }

  turn(time) {

    if (this.moving) this.draw(time);
    requestAnimationFrame(next => this.turn(next));
  }

  draw(time) {
    const { canvas, graph } = this;
    const wide = canvas.clientWidth, high = canvas.clientHeight;
    const scale = Math.min(devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / Math.max(1, wide * high)));
    if (canvas.width !== Math.round(wide * scale) || canvas.height !== Math.round(high * scale)) {
      canvas.width = Math.round(wide * scale);
      canvas.height = Math.round(high * scale);
    }
    const paint = canvas.getContext('2d');
    const { x, y } = graph.pan(), zoom = graph.zoom();
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, canvas.width, canvas.height);
    paint.setTransform(scale * zoom, 0, 0, scale * zoom, scale * x, scale * y);
    const size = Math.max(3, 1.6 / zoom);
    const round = size * zoom > 2; // smaller ones look the same as squares, and cost a fraction
    for (const failing of [false, true]) {
      paint.fillStyle = failing ? this.colours.bad : this.colours.good;
      paint.beginPath();
      for (const edge of this.edges) this.dots(paint, edge, failing, size, round, time);
      paint.fill();
    }
    if (zoom > .45) this.locks(paint);
  }

  dots(paint, edge, failing, size, round, time) {
    const bad = edge.failing > 0 ? Math.max(1, Math.round(edge.failing * edge.dots)) : 0;
    const passed = this.moving ? time / 1000 * SPEED / edge.long : 0;
    for (let i = 0; i < edge.dots; i++) {
      if ((i < bad) !== failing) continue;
      const t = (passed + i / edge.dots + (this.moving ? 0 : .5 / edge.dots)) % 1;
      const cx = at(t, edge.from.x, edge.bend.x, edge.to.x), cy = at(t, edge.from.y, edge.bend.y, edge.to.y);
      if (round) {
        paint.moveTo(cx + size, cy);
        paint.arc(cx, cy, size, 0, 2 * Math.PI);
      } else {
        paint.fillRect(cx - size, cy - size, 2 * size, 2 * size);
      }
    }
  }

  /** A small lock over what is written beside edges under mutual TLS. */
  locks(paint) {
    paint.fillStyle = paint.strokeStyle = this.colours.ink;
    paint.lineWidth = 1.4;
    for (const edge of this.edges) {
      if (!edge.locked) continue;
      const cx = at(.5, edge.from.x, edge.bend.x, edge.to.x), cy = at(.5, edge.from.y, edge.bend.y, edge.to.y) - 25;
      paint.fillRect(cx - 4, cy - 2, 8, 6.5);
      paint.beginPath();
      paint.arc(cx, cy - 2, 2.6, Math.PI, 0);
      paint.stroke();
    }
  }
}
