import { ask, clock, colours, count, element, library, millis, percent, rate, replace, table, target } from './page.js';
import { bend, layout, SIZE } from './layout.js';
import { Motion } from './motion.js';

export const title = 'Who calls whom';

const SOME = 60, MOST_ROWS = 100;

const id = (name, namespace) => `${namespace}/${name}`;

/** Workloads, and what each pair of them has between it. */
export function merge(edges) {
  const nodes = new Map(), pairs = new Map();
  const node = (name, namespace) => {
    const key = id(name, namespace);
    if (!nodes.has(key)) nodes.set(key, { id: key, name, namespace });
    return key;
  };
  for (const edge of edges) {
    if (edge.total === 0) continue;
    const from = node(edge.source, edge.sourceNamespace);
    const to = node(target(edge), edge.workload === 'unknown' ? edge.sourceNamespace : edge.namespace);
    const key = `${from} → ${to}`;
    const one = pairs.get(key) ?? { id: key, source: from, target: to, services: new Set(), total: 0, failed: 0, perSecond: 0, failedPerSecond: 0, plain: 0, mutualTls: false, tcp: true };
    for (const figure of ['total', 'failed', 'perSecond', 'failedPerSecond', 'plain']) one[figure] += edge[figure];
    if (edge.p99 !== undefined) one.p99 = Math.max(one.p99 ?? 0, edge.p99);
    one.mutualTls ||= edge.mutualTls;
    one.tcp &&= edge.protocol === 'tcp';
    one.services.add(edge.service);
    const answers = nodes.get(to);
    if (edge.version !== 'unknown') answers.version = edge.version;
    pairs.set(key, one);
  }
  for (const one of pairs.values()) one.mutualTls &&= one.plain === 0;
  return { nodes, pairs };
}

function label(edge) {
  if (edge.perSecond === 0) return '';
  return edge.tcp ? `${rate(edge.perSecond)}/s` : `${rate(edge.perSecond)}/s  ${percent(edge.failedPerSecond, edge.perSecond)}  ${millis(edge.p99)}`;
}

/** What fits into a box: a service without the part of its name that says where it is, which the box around it does. */
const short = text => {
  const name = text.replace(/\.[^.]+\.svc\..+$/, '');
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
};

function styles(c) {
  const failing = edge => edge.data('failedPerSecond') > 0;
  return [
    { selector: 'node', style: { shape: 'round-rectangle', width: SIZE.wide, height: SIZE.high, 'background-color': c.card, 'border-width': 1.5, 'border-color': c.soft, label: 'data(label)', color: c.ink, 'font-size': 13, 'font-family': 'system-ui, sans-serif', 'text-valign': 'center', 'text-wrap': 'wrap', 'min-zoomed-font-size': 6 } },
    { selector: ':parent', style: { shape: 'round-rectangle', 'background-color': c.box, 'background-opacity': 1, 'border-color': c.line, 'border-width': 1.5, 'border-style': 'dashed', label: 'data(label)', 'text-valign': 'top', 'text-halign': 'center', 'text-margin-y': 22, padding: 30, color: c.soft, 'font-size': 14, 'min-zoomed-font-size': 5 } },
    { selector: 'edge', style: {
      'curve-style': 'unbundled-bezier', 'control-point-distances': edge => edge.data('bend'), 'control-point-weights': .5,
      width: edge => 1.2 + Math.min(4, Math.log10(1 + edge.data('perSecond')) * 1.6),
      'line-color': edge => failing(edge) ? c.bad : edge.data('perSecond') > 0 ? c.good : c.line,
      'target-arrow-color': edge => failing(edge) ? c.bad : edge.data('perSecond') > 0 ? c.good : c.line,
      'target-arrow-shape': 'triangle', 'arrow-scale': .9, 'line-opacity': .75,
      label: 'data(label)', color: c.ink, 'font-size': 11.5, 'font-family': 'system-ui, sans-serif', 'min-zoomed-font-size': 7,
      'text-background-color': c.card, 'text-background-opacity': .85, 'text-background-padding': 2, 'text-margin-y': -9 } },
    { selector: ':selected', style: { 'border-color': c.accent, 'border-width': 3, 'line-color': c.accent, 'target-arrow-color': c.accent } },
    { selector: '.dim', style: { opacity: .2 } },
  ];
}

export async function open(body, told) {
  await library('/lib/cytoscape.js');
  const place = element('div', { class: 'graph' });
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const frame = element('div', { id: 'map', role: 'img', 'aria-label': 'Map of calls; the table below says the same' }, place, canvas);
  const slider = element('input', { type: 'range', id: 'time', min: 0, max: 0, step: 1, value: 0, 'aria-label': 'Time shown' });
  const time = element('output', { for: 'time' }, 'now');
  const live = element('button', { type: 'button', id: 'live', 'aria-pressed': 'true' }, 'Live');
  const search = element('input', { type: 'search', id: 'search', placeholder: 'name or namespace' });
  const motion = element('input', { type: 'checkbox', id: 'motion' });
  const details = element('section', { id: 'details', 'aria-live': 'polite' }, element('p', { class: 'soft' }, 'Choose a workload or an edge, here or in the table, to see more of it.'));
  const list = element('div');
  body.append(
    element('div', { class: 'bar' },
      element('label', {}, 'Find', search),
      element('label', {}, motion, 'moving traffic'),
      element('button', { type: 'button', onclick: () => graph.fit(undefined, 24) }, 'Show all'),
      element('label', { class: 'wide' }, 'Time', slider), time, live),
    frame, details, element('h2', {}, 'The same as a table'), list);

  const graph = cytoscape({ container: place, style: styles(colours()), minZoom: .05, maxZoom: 3, hideEdgesOnViewport: false, boxSelectionEnabled: false, autoungrabify: false });
  const moving = new Motion(graph, canvas, colours());
  motion.checked = moving.moving;
  motion.addEventListener('change', () => { moving.moving = motion.checked; moving.draw(0); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    moving.colours = colours();
    graph.style(styles(moving.colours));
  });
  graph.on('position', 'node', () => moving.take());

  let chosen, known = '', at;
  const choose = key => {
    chosen = key;
    graph.elements().unselect();
    if (key) graph.getElementById(key).select();
    show(latest);
  };
  graph.on('tap', event => choose(event.target === graph || event.target.isParent?.() ? undefined : event.target.id()));
  const find = () => {
    const text = search.value.trim().toLowerCase();
    graph.batch(() => {
      graph.elements().removeClass('dim');
      if (text) {
        const hit = graph.nodes(':childless').filter(node => node.id().toLowerCase().includes(text));
        graph.elements(':childless, edge').difference(hit.closedNeighborhood()).addClass('dim');
      }
    });
  };
  search.addEventListener('input', () => { find(); show(latest); });

  let latest = { nodes: new Map(), pairs: new Map() };

  function draw({ nodes, pairs }) {
    const wanted = [...nodes.keys(), ...pairs.keys()].sort().join('\n');
    graph.batch(() => {
      if (wanted !== known) {
        const places = layout([...nodes.values()], [...pairs.values()].map(pair => [pair.source, pair.target]));
        graph.elements().remove();
        const boxes = [...new Set([...nodes.values()].map(node => node.namespace))];
        graph.add(boxes.map(name => ({ group: 'nodes', data: { id: `namespace ${name}`, label: name }, selectable: false, grabbable: false })));
        graph.add([...nodes.values()].map(node => ({ group: 'nodes', data: { id: node.id, parent: `namespace ${node.namespace}` }, position: { ...places.get(node.id) } })));
        graph.add([...pairs.values()].map(pair => ({ group: 'edges', data: { id: pair.id, source: pair.source, target: pair.target, bend: bend(places.get(pair.source), places.get(pair.target), pairs.has(`${pair.target} → ${pair.source}`), places.get(pair.id)), perSecond: 0, failedPerSecond: 0, label: '' } })));
      }
      for (const node of nodes.values()) {
        graph.getElementById(node.id).data('label', node.version ? `${short(node.name)}\n${node.version}` : short(node.name));
      }
    });
    write(pairs);
    if (wanted !== known) {
      known = wanted;
      graph.fit(undefined, 24);
      if (graph.zoom() > 1.2) { graph.zoom(1.2); graph.center(); }
      find();
      graph.once('render', () => moving.take());
    }
    moving.carry(pairs);
  }

  /** Writes what edges carry beside them: some a frame, so that many do not hold up what moves. */
  function write(pairs) {
    const waiting = [...pairs.values()].map(pair => ({ id: pair.id, perSecond: pair.perSecond, failedPerSecond: pair.failedPerSecond, label: label(pair) }))
      .filter(figures => { const edge = graph.getElementById(figures.id); return edge.data('label') !== figures.label || edge.data('perSecond') !== figures.perSecond; });
    const some = () => {
      graph.batch(() => waiting.splice(0, SOME).forEach(figures => graph.getElementById(figures.id).data(figures)));
      if (waiting.length) requestAnimationFrame(some);
    };
    some();
  }

  function show({ nodes, pairs }) {
    const button = (key, text) => element('button', { type: 'button', 'data-key': key, onclick: () => choose(key) }, text);
    const text = search.value.trim().toLowerCase();
    const found = [...pairs.values()].filter(pair => pair.id.toLowerCase().includes(text)).sort((a, b) => b.perSecond - a.perSecond || a.id.localeCompare(b.id));
    replace(list, table('Rates of the minute before the time shown; counts since the proxies started',
      ['From', 'To', 'Requests', 'Failed', 'Per second', 'Failing now', 'p99', 'Secured'], 2,
      found.slice(0, MOST_ROWS).map(pair => [
        button(pair.id, nodes.get(pair.source).name), nodes.get(pair.target).name, count(pair.total), count(pair.failed),
        rate(pair.perSecond), percent(pair.failedPerSecond, pair.perSecond), millis(pair.p99), pair.mutualTls ? 'mTLS' : pair.plain ? 'plain text' : '–'])),
      found.length > MOST_ROWS ? element('p', { class: 'soft' }, `The ${MOST_ROWS} busiest of ${count(found.length)}; Find shows others.`) : '');
    frame.setAttribute('aria-label', `Map of ${nodes.size} workloads and ${pairs.size} edges between them; the table below says the same`);
    const pair = pairs.get(chosen), node = nodes.get(chosen);
    const links = name => element('p', {},
      element('a', { href: `/dashboards?${new URLSearchParams({ view: 'workload', name })}` }, `Dashboard of ${name}`));
    if (pair) {
      const to = nodes.get(pair.target).name;
      details.replaceChildren(
        element('p', {}, element('b', {}, `${nodes.get(pair.source).name} → ${to}`), ` by way of ${[...pair.services].join(', ')}`),
        element('p', {}, `${rate(pair.perSecond)} requests per second, ${percent(pair.failedPerSecond, pair.perSecond)} fail, p99 ${millis(pair.p99)}; ${count(pair.total)} so far, ${count(pair.failed)} failed; `,
          pair.mutualTls ? 'under mutual TLS' : pair.plain ? element('span', { class: 'bad' }, `${pair.plain} of the last minute in plain text`) : 'how it is secured is not known'),
        links(to));
    } else if (node) {
      details.replaceChildren(
        element('p', {}, element('b', {}, node.name), ` in ${node.namespace}${node.version ? `, version ${node.version}` : ''}`),
        links(node.name));
    } else if (chosen) {
      details.replaceChildren(element('p', { class: 'soft' }, `${chosen} carries nothing at the time shown.`));
    }
  }

  const pick = () => {
    at = Number(slider.value) >= Number(slider.max) ? undefined : Number(slider.value);
    time.textContent = at === undefined ? 'now' : clock(at);
    live.setAttribute('aria-pressed', String(at === undefined));
  };
  slider.addEventListener('input', () => { pick(); refresh(); });
  live.addEventListener('click', () => { slider.value = slider.max; pick(); refresh(); });

  async function refresh() {
    const traffic = await ask('/api/traffic', { at });
    told(traffic);
    slider.min = traffic.oldest ?? Date.now();
    slider.max = Date.now();
    slider.value = at ?? slider.max;
    latest = merge(traffic.edges);
    draw(latest);
    show(latest);
  }
  return refresh;
}
