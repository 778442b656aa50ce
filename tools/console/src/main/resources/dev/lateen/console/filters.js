// Which requests are wanted: a control for each thing that can be asked of them.

import { element } from './page.js';

/** Response flags, and what they mean. */
export const FLAGS = { UH: 'no healthy endpoint', UF: 'no connection to the endpoint', UO: 'circuit breaker', NR: 'no route', URX: 'retries used up', UT: 'timeout', UC: 'endpoint closed the connection', DC: 'client went away', FI: 'fault that was asked for', DI: 'delay that was asked for', UAEX: 'access refused', RL: 'rate limit', DPE: 'client broke the protocol', NC: 'no such cluster', LR: 'reset here', UR: 'reset by the endpoint' };

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'CONNECT'];

const contains = (value, text) => (value ?? '').toLowerCase().includes(text.toLowerCase());
const flags = request => (request.response_flags ?? '').split(',').filter(flag => flag && flag !== '-');

/** A status such as 503, or a class such as 5xx; several with commas between them. */
const status = (request, text) => text.toLowerCase().split(/[\s,]+/).filter(Boolean)
  .some(wanted => [...wanted].every((digit, i) => digit === 'x' || digit === (request.response_code ?? '')[i]));

const FILTERS = [
  { id: 'find', label: 'Find', hint: 'any text', fits: (request, text) => contains(Object.values(request).join(' '), text) },
  { id: 'service', label: 'Service or workload', hint: 'web', fits: (request, text) => [request.authority, request.virtual_host, request.upstream_cluster, request.requested_server_name, request.peer].some(value => contains(value, text)) },
  { id: 'status', label: 'Status', hint: '503, or 5xx', fits: status },
  { id: 'method', label: 'Method', choices: { ...Object.fromEntries(METHODS.map(method => [method, method])), none: 'none: a connection' }, fits: (request, method) => (request.method || 'none') === method },
  { id: 'path', label: 'Path', hint: '/orders', fits: (request, text) => contains(request.path, text) },
  { id: 'flag', label: 'Flag', choices: { some: 'any flag', ...Object.fromEntries(Object.entries(FLAGS).map(([flag, meaning]) => [flag, `${flag}: ${meaning}`])) }, fits: (request, flag) => flag === 'some' ? flags(request).length > 0 : flags(request).includes(flag) },
  { id: 'duration', label: 'At least, in ms', number: true, fits: (request, millis) => Number(request.duration) >= Number(millis) },
];

/** The controls, and whether a request fits all of them; `changed` is called when somebody has changed one. */
export function filters(changed) {
  const controls = FILTERS.map(filter => {
    const control = filter.choices
      ? element('select', { id: filter.id }, element('option', { value: '' }, 'all'), ...Object.entries(filter.choices).map(([value, text]) => element('option', { value }, text)))
      : element('input', filter.number ? { id: filter.id, type: 'number', min: 0, step: 'any' } : { id: filter.id, type: 'search', placeholder: filter.hint });
    control.addEventListener('input', changed);
    return { ...filter, control, value: () => control.value.trim() };
  });
  const clear = element('button', { type: 'button', id: 'clear', onclick: () => { for (const { control } of controls) control.value = ''; changed(); } }, 'Clear');
  return {
    bar: element('div', { class: 'bar', role: 'group', 'aria-label': 'Only requests with' }, ...controls.map(({ label, control }) => element('label', {}, label, control)), clear),
    fits: request => controls.every(filter => !filter.value() || filter.fits(request, filter.value())),
  };
}
