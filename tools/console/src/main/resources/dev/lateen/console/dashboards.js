import { ask, bytes, clock, colours, count, element, library, millis, percent, rate, replace, table, target, tile } from './page.js';

export const title = 'Dashboards';

const VIEWS = { mesh: 'Mesh', service: 'Service', workload: 'Workload', gateway: 'Gateway', control: 'Control plane' };
const RANGES = { 300: '5 minutes', 3600: '1 hour', 21600: '6 hours' };
const http = edge => edge.protocol !== 'tcp';

function sum(edges, key) {
  const groups = new Map();
  for (const edge of edges) {
    const name = key(edge);
    const group = groups.get(name) ?? { total: 0, failed: 0, perSecond: 0, failedPerSecond: 0 };
    for (const figure of ['total', 'failed', 'perSecond', 'failedPerSecond']) group[figure] += edge[figure];
    for (const figure of ['p50', 'p99']) if (edge[figure] !== undefined) group[figure] = Math.max(group[figure] ?? 0, edge[figure]);
    groups.set(name, group);
  }
  return [...groups].sort((a, b) => b[1].perSecond - a[1].perSecond || b[1].total - a[1].total);
}

/** A chart of one or two lines over time, and its last values as text; `ticks` writes those of its axis. */
class Chart {
  constructor(name, series, text, ticks) {
    this.series = series;
    this.text = text;
    this.ticks = ticks;
    this.now = element('span');
    this.place = element('div');
    this.figure = element('figure', { class: 'chart', role: 'group', 'aria-label': name },
      element('figcaption', {}, `${name}: `, this.now), this.place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.make());
    new ResizeObserver(() => this.plot?.setSize({ width: this.place.clientWidth || 300, height: 170 })).observe(this.place);
  }

  make() {
    const c = colours();
    this.plot?.destroy();
    const axis = { stroke: c.soft, grid: { stroke: c.line, width: 1 }, ticks: { stroke: c.line, width: 1 }, font: '12px system-ui, sans-serif' };
    this.plot = new uPlot({
      width: this.place.clientWidth || 300, height: 170, legend: { show: false }, cursor: { show: false },
      scales: { y: { range: (_, least, most) => [0, Math.max(most ?? 0, 1) * 1.08] } },
      axes: [{ ...axis, space: 80, values: (_, times) => times.map(time => clock(time * 1000)) }, { ...axis, ...this.ticks ? { size: 66, values: (_, all) => all.map(this.ticks) } : { size: 54 } }],
      series: [{}, ...this.series.map(one => ({ stroke: c[one.colour], width: 1.8, spanGaps: true, fill: one.fill ? c[one.colour].replace('rgb', 'rgba').replace(')', ', .12)') : undefined }))],
    }, this.data ?? [[], ...this.series.map(() => [])], this.place);
  }

  show(answer) {
    this.data = [answer.time, ...this.series.map(one => answer[one.key])];
    if (this.plot) this.plot.setData(this.data); else this.make();
    const last = this.series.map(one => `${one.name} ${this.text(answer[one.key].findLast(value => value !== null) ?? 0)}`);
    const text = `now ${last.join(', ')}`;
    if (this.now.textContent !== text) this.now.textContent = text;
  }
}

/** `name{a=b}` of the control plane's figures, by name. */
function control(figures, name) {
  return Object.entries(figures).filter(([series]) => series === name || series.startsWith(`${name}{`))
    .map(([series, value]) => [series.slice(name.length).replace(/^\{(?:\w+=)?|\}$/g, ''), value]);
}

function quantile(figures, name, q) {
  const buckets = control(figures, `${name}_bucket`).map(([le, times]) => [le === '+Inf' ? Infinity : Number(le), times]).sort((a, b) => a[0] - b[0]);
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all === 0) return undefined;
  let before = [0, 0];
  for (const bucket of buckets) {
    if (bucket[1] >= q * all) return bucket[0] === Infinity ? before[0] : before[0] + (bucket[0] - before[0]) * (q * all - before[1]) / (bucket[1] - before[1]);
    before = bucket;
  }
  return before[0];
}

function controlPlane(tiles, body, figures) {
  const total = name => control(figures, name).reduce((sum, [, value]) => sum + value, 0);
  const seconds = value => value === undefined ? '–' : millis(value * 1000);
  replace(tiles,
    tile('proxies connected', String(total('pilot_xds'))),
    tile('pushes', String(total('pilot_xds_pushes'))),
    tile('refused by proxies', String(total('pilot_total_xds_rejects')), total('pilot_total_xds_rejects') ? 'bad' : undefined),
    tile('a change reaches a proxy, p50', seconds(quantile(figures, 'pilot_proxy_convergence_time', .5))),
    tile('p99', seconds(quantile(figures, 'pilot_proxy_convergence_time', .99))),
    tile('seconds of CPU', rate(total('process_cpu_seconds_total'))));
  replace(body,
    element('h2', {}, 'Pushes'),
    table('By kind of resource, since the control plane started', ['Kind', 'Pushes', 'Bytes', 'Refused'], 1,
      control(figures, 'pilot_xds_pushes').map(([type, pushes]) => [type, pushes,
        Object.fromEntries(control(figures, 'pilot_xds_sent_bytes_total'))[type] ?? 0,
        Object.fromEntries(control(figures, 'pilot_total_xds_rejects'))[type] ?? 0])),
    element('h2', {}, 'All of its metrics'),
    table('As it tells them', ['Series', 'Value'], 1, Object.entries(figures).filter(([series]) => !series.includes('_bucket')).map(([series, value]) => [series, value])));
}

const HEADS = ['Name', 'Requests', 'Failed', 'Share', 'Per second', 'Failing now', 'p50', 'p99'];
const rows = (groups, link) => groups.map(([name, g]) => [link ? link(name) : name, count(g.total), count(g.failed), percent(g.failed, g.total), rate(g.perSecond), percent(g.failedPerSecond, g.perSecond), millis(g.p50), millis(g.p99)]);

export async function open(body, told) {
  await library('/lib/uplot.js');
  const given = new URLSearchParams(location.search);
  let view = given.get('view') in VIEWS ? given.get('view') : 'mesh';
  let name = given.get('name') ?? '';
  let seconds = '300';

  const address = (to, of) => `/dashboards?${new URLSearchParams(of === undefined ? { view: to } : { view: to, name: of })}`;
  const link = to => of => element('a', { href: address(to, of), 'data-key': `${to} ${of}` }, of);
  const range = element('select', { id: 'range', onchange: () => { seconds = range.value; refresh(); } },
    ...Object.entries(RANGES).map(([value, text]) => element('option', { value }, text)));
  const which = element('select', { id: 'name', onchange: () => { location.href = address(view, which.value); } });
  const whichLabel = element('label', {}, VIEWS[view], which);
  const charts = view === 'control' ? [
    new Chart('Pushes per second', [{ key: 'pushes', name: 'pushes', colour: 'accent', fill: true }, { key: 'refused', name: 'refused', colour: 'bad' }], rate),
    new Chart('A change reaches a proxy', [{ key: 'p50', name: 'p50', colour: 'good' }, { key: 'p99', name: 'p99', colour: 'accent' }], millis),
    new Chart('Processor', [{ key: 'cpu', name: 'cores', colour: 'accent', fill: true }], rate),
    new Chart('Memory', [{ key: 'memory', name: 'MB', colour: 'accent', fill: true }], rate),
  ] : [
    new Chart('Requests per second', [{ key: 'perSecond', name: 'all', colour: 'accent', fill: true }, { key: 'failedPerSecond', name: 'failed', colour: 'bad' }], rate),
    new Chart('Duration', [{ key: 'p50', name: 'p50', colour: 'good' }, { key: 'p99', name: 'p99', colour: 'accent' }], millis),
    new Chart('Security', [{ key: 'securedPerSecond', name: 'mTLS', colour: 'good', fill: true }, { key: 'plainPerSecond', name: 'plain text', colour: 'bad' }], rate),
    new Chart('Size of requests', [{ key: 'requestP50', name: 'p50', colour: 'good' }, { key: 'requestP99', name: 'p99', colour: 'accent' }], bytes, bytes),
    new Chart('Size of responses', [{ key: 'responseP50', name: 'p50', colour: 'good' }, { key: 'responseP99', name: 'p99', colour: 'accent' }], bytes, bytes),
  ];
  const plots = element('div', { class: 'charts' }, ...charts.map(chart => chart.figure));
  const tiles = element('div', { class: 'tiles' });
  const figures = element('div');
  body.append(
    element('nav', { 'aria-label': 'Dashboards' }, ...Object.entries(VIEWS).map(([key, text]) =>
      element('a', { href: address(key), 'aria-current': key === view ? 'page' : undefined }, text))),
    element('div', { class: 'bar' }, ...view === 'mesh' || view === 'control' ? [] : [whichLabel], element('label', {}, 'Last', range)),
    tiles, plots, figures);

  const named = { service: edge => edge.service, workload: target, gateway: edge => edge.source };

  function names(edges) {
    const all = view === 'gateway'
      ? edges.filter(edge => edge.fromGateway).map(edge => edge.source)
      : edges.filter(http).map(named[view]);
    const choices = [...new Set(all)].sort();
    if (!name) name = choices[0] ?? '';
    if (name && !choices.includes(name)) choices.unshift(name);
    if ([...which.options].map(option => option.value).join() !== choices.join()) {
      which.replaceChildren(...choices.map(value => element('option', { value, selected: value === name }, value)));
    }
  }

  async function refresh() {
    const traffic = await ask('/api/traffic');
    told(traffic);
    if (view === 'control') {
      const [now, series] = await Promise.all([ask('/api/control'), ask('/api/control/series', { seconds })]);
      for (const chart of charts) chart.show(series);
      return controlPlane(tiles, figures, now);
    }
    if (view !== 'mesh') names(traffic.edges);
    const of = view === 'mesh' ? () => true : edge => named[view](edge) === name;
    const edges = traffic.edges.filter(http).filter(of);
    const parameter = { service: 'service', workload: 'workload', gateway: 'source' }[view];
    const nobody = view !== 'mesh' && !name;
    const series = nobody
      ? Object.fromEntries(['time', ...charts.flatMap(chart => chart.series.map(one => one.key))].map(key => [key, []]))
      : await ask('/api/series', { seconds, ...parameter ? { [parameter]: name } : {} });
    for (const chart of charts) chart.show(series);
    const all = sum(edges, () => 'all')[0]?.[1] ?? { total: 0, failed: 0, perSecond: 0, failedPerSecond: 0 };
    const codes = new Map();
    for (const edge of edges) for (const [code, times] of Object.entries(edge.codes)) codes.set(code, (codes.get(code) ?? 0) + times);
    replace(tiles,
      tile('requests', count(all.total)), tile('failed', count(all.failed), all.failed ? 'bad' : undefined),
      tile('per second', rate(all.perSecond)), tile('failing now', percent(all.failedPerSecond, all.perSecond)),
      ...[...codes].sort().map(([code, times]) => tile(code === '0' ? 'no answer' : `answered ${code}`, count(times))));
    const tcp = sum(traffic.edges.filter(edge => !http(edge)).filter(of), edge => edge.service).map(([service, g]) => [service, g.total, rate(g.perSecond)]);
    const part = (heading, caption, key, to) => [element('h2', {}, heading), table(caption, HEADS, 1, rows(sum(edges, key), link(to)))];
    replace(figures,
      nobody ? element('p', { class: 'soft' }, `No ${view} has carried traffic yet.`) : '',
      ...view === 'mesh' || view === 'gateway' ? part('Services', 'By called service; rates and quantiles of the last minute, counts since the proxies started', edge => edge.service, 'service') : [],
      ...view === 'workload' ? [] : part('Workloads', 'By workload that answered', edge => target(edge), 'workload'),
      ...view === 'gateway' ? [] : part('Callers', 'By workload that called', edge => edge.source, view === 'mesh' ? 'gateway' : 'workload'),
      ...view === 'workload' ? part('Services', 'By service under which it was called', edge => edge.service, 'service') : [],
      ...tcp.length ? [element('h2', {}, 'Connections of TCP'), table('By called service', ['Service', 'Opened', 'Per second'], 1, tcp)] : []);
  }
  return refresh;
}
