// Where workloads stand on the map: a box for each namespace, from left to right as calls go. Pure.

const WIDE = 190, HIGH = 46, GAP_X = 190, GAP_Y = 34, PAD = 34, MOST_ROWS = 12, MOST_COLUMNS = 5, MOST_LANES = 12, SHAPE = 2;

/** Layers of the longest way from those that nobody calls; calls that go in a circle do not count. */
function layers(names, calls) {
  const next = new Map(names.map(name => [name, []]));
  for (const [from, to] of calls) if (from !== to && next.has(from) && next.has(to)) next.get(from).push(to);
  const layer = new Map(names.map(name => [name, 0]));
  const seen = new Map();
  const order = [];
  for (const start of names) {
    const way = [[start, 0]];
    while (way.length) {
      const top = way.at(-1);
      const [name, at] = top;
      if (at === 0) { if (seen.has(name)) { way.pop(); continue; } seen.set(name, 'open'); }
      const to = next.get(name)[at];
      if (to === undefined) { seen.set(name, 'done'); order.push(name); way.pop(); continue; }
      top[1]++;
      if (!seen.has(to)) way.push([to, 0]);
      else if (seen.get(to) === 'open') next.get(name)[at] = name; // back in a circle
    }
  }
  for (const name of order.reverse()) {
    for (const to of next.get(name)) if (to !== name) layer.set(to, Math.max(layer.get(to), layer.get(name) + 1));
  }
  return layer;
}

function columns(names, layer) {
  const made = [];
  for (const name of names) (made[layer.get(name)] ??= []).push(name);
  return made.filter(Boolean).flatMap(column => {
    const parts = Math.ceil(column.length / MOST_ROWS);
    const rows = Math.ceil(column.length / parts);
    return Array.from({ length: parts }, (_, i) => column.slice(i * rows, (i + 1) * rows));
  });
}

/** Puts each column's members near to those who call them. */
function sort(all, calls) {
  const row = new Map();
  all.forEach(column => {
    const wish = name => {
      const callers = calls.filter(([, to]) => to === name).map(([from]) => row.get(from)).filter(value => value !== undefined);
      return callers.length ? callers.reduce((a, b) => a + b, 0) / callers.length : Infinity;
    };
    const wishes = new Map(column.map(name => [name, wish(name)]));
    column.sort((a, b) => wishes.get(a) - wishes.get(b) || a.localeCompare(b));
    column.forEach((name, i) => row.set(name, i - (column.length - 1) / 2));
  });
}

/** The name of the row that an edge takes in a column which it only passes. */
const lane = (from, to, column) => `lane ${column} ${from} → ${to}`;

/**
 * Gives each edge that passes columns a row of its own in them, so that it runs behind nobody; no rows where these would
 * be too many. Returns the edges with what they pass, and by edge the rows that it was given.
 */
function lanes(all, own) {
  const at = new Map(all.flatMap((column, i) => column.map(name => [name, i])));
  const passing = own.filter(([from, to]) => at.get(to) - at.get(from) > 1);
  const rows = passing.reduce((sum, [from, to]) => sum + at.get(to) - at.get(from) - 1, 0);
  const given = new Map();
  if (rows > MOST_LANES) return { steps: own, given };
  const steps = own.filter(edge => !passing.includes(edge));
  for (const [from, to] of passing) {
    const way = [from];
    for (let i = at.get(from) + 1; i < at.get(to); i++) {
      way.push(lane(from, to, i));
      all[i].push(way.at(-1));
    }
    given.set(`${from} → ${to}`, way.slice(1));
    way.push(to);
    for (let i = 1; i < way.length; i++) steps.push([way[i - 1], way[i]]);
  }
  return { steps, given };
}

/** Columns of a namespace: as calls go, or, where that would be too long, as a block. */
function arrange(ids, own) {
  const all = columns(ids, layers(ids, own));
  if (all.length <= MOST_COLUMNS) return all;
  const rows = Math.ceil(Math.sqrt(ids.length * SHAPE));
  const line = all.flat();
  return Array.from({ length: Math.ceil(line.length / rows) }, (_, i) => line.slice(i * rows, (i + 1) * rows));
}

/** Places by id of `nodes` ({id, namespace}), whose `edges` are pairs of ids; by `from → to` the middle of an edge's way past others. */
export function layout(nodes, edges) {
  const home = new Map(nodes.map(node => [node.id, node.namespace]));
  const namespaces = [...new Set(home.values())].sort();
  const layer = layers(namespaces, edges.map(([from, to]) => [home.get(from), home.get(to)]));
  const boxes = namespaces.sort((a, b) => layer.get(a) - layer.get(b)).map(namespace => {
    const ids = nodes.filter(node => node.namespace === namespace).map(node => node.id).sort();
    const inside = new Set(ids);
    const own = edges.filter(([from, to]) => inside.has(from) && inside.has(to));
    const all = arrange(ids, own);
    const { steps, given } = lanes(all, own);
    sort(all, [...steps, ...edges.filter(edge => !own.includes(edge))]);
    return { all, given, wide: all.length * (WIDE + GAP_X) - GAP_X + 2 * PAD, high: Math.max(...all.map(column => column.length)) * (HIGH + GAP_Y) - GAP_Y + 2 * PAD };
  });
  const places = new Map();
  const area = boxes.reduce((sum, box) => sum + (box.wide + GAP_X) * (box.high + GAP_Y), 0);
  const most = Math.max(4 * (WIDE + GAP_X) + GAP_X, Math.sqrt(area * SHAPE), ...boxes.map(box => box.wide));
  for (let next = 0, top = 0; next < boxes.length;) {
    const shelf = [boxes[next++]];
    const wide = () => shelf.reduce((sum, box) => sum + box.wide + GAP_X, -GAP_X);
    while (next < boxes.length && wide() + GAP_X + boxes[next].wide <= most) shelf.push(boxes[next++]);
    const high = Math.max(...shelf.map(box => box.high));
    let left = 0;
    for (const box of shelf) {
      box.all.forEach((column, i) => column.forEach((id, row) => places.set(id, {
        x: left + PAD + i * (WIDE + GAP_X) + WIDE / 2,
        y: top + high / 2 + (row - (column.length - 1) / 2) * (HIGH + GAP_Y),
      })));
      for (const [edge, rows] of box.given) {
        const [one, other] = [rows[Math.floor((rows.length - 1) / 2)], rows[Math.ceil((rows.length - 1) / 2)]].map(row => places.get(row));
        places.set(edge, { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
      }
      left += box.wide + GAP_X;
    }
    top += high + 2 * GAP_Y;
  }
  return places;
}

/**
 * How far an edge is bent aside: so that it goes by way of `middle` where it has one, else past those who stand between its
 * ends, and past the edge that goes back.
 */
export function bend(from, to, back, middle) {
  // The curve comes half as far aside as the point that draws it there.
  if (middle) return 2 * (middle.y - (from.y + to.y) / 2) * Math.hypot(to.x - from.x, to.y - from.y) / (to.x - from.x);
  const far = Math.abs(to.x - from.x), aside = Math.abs(to.y - from.y);
  if (aside < HIGH && far > 1.5 * (WIDE + GAP_X)) return -Math.min(220, far * .16);
  if (far < WIDE) return 60;
  return back ? 40 : 0;
}

export const SIZE = { wide: WIDE, high: HIGH };
