'use strict';

const page = document.body.dataset.page;
const content = document.getElementById('content');
const state = document.getElementById('state');
const history = [];

for (const link of document.querySelectorAll('nav a')) {
  if (link.dataset.for === page) link.setAttribute('aria-current', 'page');
}

function element(name, attributes = {}, ...children) {
  const svg = ['svg', 'g', 'rect', 'path', 'text', 'title', 'defs', 'marker', 'polyline'].includes(name);
  const made = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function table(caption, heads, rows) {
  const cell = (tag, text, i) => element(tag, i >= heads.firstNumber ? { class: 'number' } : {}, String(text));
  return element('table', {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...heads.names.map((name, i) => { const th = cell('th', name, i); th.scope = 'col'; return th; }))),
    element('tbody', {}, ...rows.map(row => element('tr', {}, ...row.map((text, i) => cell('td', text, i))))));
}

const rate = value => value.toFixed(value < 10 ? 2 : 1);
const percent = (part, all) => all === 0 ? '0.0 %' : `${(100 * part / all).toFixed(1)} %`;
const millis = value => value === undefined ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const target = edge => edge.workload === 'unknown' ? edge.service : edge.workload;

// ---- dashboards

function sum(edges, key) {
  const groups = new Map();
  for (const edge of edges) {
    const name = key(edge);
    const group = groups.get(name) || { total: 0, failed: 0, perSecond: 0, failedPerSecond: 0, p50: undefined, p99: undefined };
    for (const figure of ['total', 'failed', 'perSecond', 'failedPerSecond']) group[figure] += edge[figure];
    for (const figure of ['p50', 'p99']) if (edge[figure] !== undefined) group[figure] = Math.max(group[figure] || 0, edge[figure]);
    groups.set(name, group);
  }
  return [...groups].sort((a, b) => b[1].total - a[1].total);
}

function tile(name, value) {
  return element('div', { class: 'tile' }, element('b', {}, value), name);
}

function chart(title, figure, failing) {
  const points = history.map(figure);
  const most = Math.max(1, ...points);
  const line = points.map((value, i) => `${10 + i * 580 / Math.max(1, points.length - 1)},${90 - 80 * value / most}`).join(' ');
  return element('section', {},
    element('h2', {}, title),
    element('svg', { viewBox: '0 0 600 110', role: 'img', 'aria-label': `${title}: now ${rate(points.at(-1) || 0)}, at most ${rate(Math.max(0, ...points))}` },
      element('polyline', { class: failing ? 'chart failing' : 'chart', points: line }),
      element('text', { x: 10, y: 106, class: 'small' }, `at most ${rate(Math.max(0, ...points))}, now ${rate(points.at(-1) || 0)} per second`)));
}

function dashboards({ edges }) {
  const http = edges.filter(edge => edge.protocol !== 'tcp');
  const all = sum(http, () => 'all')[0]?.[1] || { total: 0, failed: 0, perSecond: 0 };
  const codes = new Map();
  for (const edge of http) for (const [code, count] of Object.entries(edge.codes)) codes.set(code, (codes.get(code) || 0) + count);
  const heads = { names: ['', 'Requests', 'Failed', 'Share', 'Per second', 'p50', 'p99'], firstNumber: 1 };
  const rows = groups => groups.map(([name, g]) => [name, g.total, g.failed, percent(g.failed, g.total), rate(g.perSecond), millis(g.p50), millis(g.p99)]);
  content.replaceChildren(
    element('h1', {}, 'Mesh'),
    element('div', { class: 'tiles' },
      tile('requests', String(all.total)), tile('failed', String(all.failed)), tile('per second', rate(all.perSecond)),
      ...[...codes].sort().map(([code, count]) => tile(`answered ${code}`, String(count)))),
    chart('Requests', point => point.perSecond, false),
    chart('Failed requests', point => point.failedPerSecond, true),
    element('h2', {}, 'Services'),
    table('By called service; rates and quantiles of the last minute, counts since the proxies started', heads, rows(sum(http, edge => edge.service))),
    element('h2', {}, 'Workloads'),
    table('By workload that answered', heads, rows(sum(http, edge => `${target(edge)} (${edge.version})`))),
    element('h2', {}, 'Gateways and callers'),
    table('By workload that called', heads, rows(sum(http, edge => edge.source))),
    element('h2', {}, 'Connections of TCP'),
    table('By called service', { names: ['', 'Opened'], firstNumber: 1 }, sum(edges.filter(edge => edge.protocol === 'tcp'), edge => edge.service).map(([name, g]) => [name, g.total])));
}

// ---- map

/** A point of a Bézier curve. */
function at(t, a, b, c, d) {
  const s = 1 - t;
  return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
}

function layers(edges) {
  const nodes = new Map();
  const node = (name, namespace) => { if (!nodes.has(name)) nodes.set(name, { name, namespace, layer: 0 }); return nodes.get(name); };
  for (const edge of edges) { node(edge.source, edge.sourceNamespace); node(target(edge), edge.namespace); }
  for (let round = 0; round < nodes.size; round++) {
    let moved = false;
    for (const edge of edges) {
      const from = nodes.get(edge.source), to = nodes.get(target(edge));
      if (from !== to && to.layer < from.layer + 1 && from.layer + 1 < nodes.size) { to.layer = from.layer + 1; moved = true; }
    }
    if (!moved) break;
  }
  return nodes;
}

function map({ edges }) {
  const carried = edges.filter(edge => edge.total > 0);
  const nodes = layers(carried);
  const columns = new Map();
  for (const node of nodes.values()) {
    const column = columns.get(node.layer) || [];
    node.row = column.push(node) - 1;
    columns.set(node.layer, column);
  }
  const wide = 190, high = 44, gapX = 150, gapY = 50;
  const height = Math.max(1, ...[...columns.values()].map(column => column.length)) * (high + gapY) + 20;
  for (const node of nodes.values()) {
    node.x = 20 + node.layer * (wide + gapX);
    node.y = 20 + (node.row + .5) * (height - 40) / columns.get(node.layer).length - high / 2;
  }
  const svg = element('svg', { viewBox: `0 0 ${40 + columns.size * (wide + gapX) - gapX} ${height}`, role: 'img', 'aria-label': `${nodes.size} workloads, ${carried.length} edges; the table below lists them` });
  const merged = new Map();
  for (const edge of carried) {
    const key = `${edge.source} ${target(edge)}`;
    const one = merged.get(key) || { from: nodes.get(edge.source), to: nodes.get(target(edge)), perSecond: 0, failed: 0, failedPerSecond: 0, total: 0, p99: undefined, mutualTls: false };
    one.perSecond += edge.perSecond; one.failedPerSecond += edge.failedPerSecond; one.total += edge.total; one.failed += edge.failed;
    if (edge.p99 !== undefined) one.p99 = Math.max(one.p99 || 0, edge.p99);
    one.mutualTls ||= edge.mutualTls;
    merged.set(key, one);
  }
  for (const edge of merged.values()) {
    const x1 = edge.from.x + wide, y1 = edge.from.y + high / 2, x2 = edge.to.x, y2 = edge.to.y + high / 2;
    const kind = `edge${edge.failedPerSecond > 0 ? ' failing' : ''}${edge.perSecond > 0 ? ' live' : ''}`;
    svg.append(
      element('path', { class: kind, d: `M${x1},${y1} C${x1 + 60},${y1} ${x2 - 60},${y2} ${x2},${y2}` }),
      // Nearer to its end, where edges from different callers have not met yet.
      element('text', { x: at(.3, x1, x1 + 60, x2 - 60, x2), y: at(.3, y1, y1, y2, y2) - 6, 'text-anchor': 'middle', class: 'small' },
        `${edge.mutualTls ? '🔒 ' : ''}${rate(edge.perSecond)}/s ${percent(edge.failedPerSecond, edge.perSecond)} ${millis(edge.p99)}`));
  }
  for (const node of nodes.values()) {
    svg.append(element('g', { class: 'node' },
      element('rect', { x: node.x, y: node.y, width: wide, height: high }),
      element('text', { x: node.x + 10, y: node.y + 19 }, node.name.length > 27 ? `${node.name.slice(0, 26)}…` : node.name),
      element('text', { x: node.x + 10, y: node.y + 35, class: 'small' }, node.namespace),
      element('title', {}, `${node.name} in ${node.namespace}`)));
  }
  content.replaceChildren(
    element('h1', {}, 'Who calls whom'),
    carried.length === 0 ? element('p', {}, 'No calls seen yet.') : svg,
    table('The same as a table: rates of the last minute, counts since the proxies started',
      { names: ['From', 'To', 'Requests', 'Failed', 'Per second', 'p99'], firstNumber: 2 },
      [...merged.values()].map(edge => [edge.from.name, edge.to.name, edge.total, edge.failed, rate(edge.perSecond), millis(edge.p99)])));
}

// ---- rules

async function rules() {
  const { rules: all, problems } = await (await fetch('/api/rules')).json();
  content.replaceChildren(
    element('h1', {}, 'Rules'),
    ...problems.map(text => element('p', { class: 'problem' }, text)),
    all.length === 0 ? element('p', {}, 'No rules: every service is called as it is.') : '',
    ...all.map(rule => element('details', {},
      element('summary', {}, `${rule.kind} ${rule.namespace}/${rule.name}`),
      element('pre', {}, rule.yaml), rule.status ? element('pre', {}, rule.status) : '')));
}

async function refresh() {
  try {
    const traffic = await (await fetch('/api/traffic')).json();
    const http = traffic.edges.filter(edge => edge.protocol !== 'tcp');
    history.push({ perSecond: http.reduce((all, edge) => all + edge.perSecond, 0), failedPerSecond: http.reduce((all, edge) => all + edge.failedPerSecond, 0) });
    if (history.length > 300) history.shift();
    if (page === 'map') map(traffic);
    if (page === 'dashboards') dashboards(traffic);
    state.textContent = `${traffic.proxies} proxies read${traffic.problems.length ? `; ${traffic.problems[0]}` : ''}${traffic.leftOut ? `; ${traffic.leftOut} edges left out` : ''}`;
  } catch (error) {
    state.textContent = `The console does not answer: ${error.message}`;
  }
}

if (page === 'rules') rules();
refresh();
setInterval(refresh, 2000);
