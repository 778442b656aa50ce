import { FLAGS, filters } from './filters.js';
import { ask, element, millis, replace, table } from './page.js';

export const title = 'Requests';

const SHOWN = 100, KEPT = 5000;

const meaning = flags => flags.split(',').filter(flag => flag !== '-').map(flag => `${flag}${FLAGS[flag] ? ` (${FLAGS[flag]})` : ''}`).join(', ');
const inbound = request => request.upstream_cluster?.startsWith('inbound') || Boolean(request.connection_termination_details);
const subject = request => request.method ? `${request.method} ${request.authority}${request.path}` : `connection to ${request.requested_server_name || request.downstream_local_address}`;
const outcome = request => request.method ? request.response_code : request.connection_termination_details ? 'refused' : 'ended';
const isBad = request => request.method ? !/^[1-4]/.test(request.response_code) : Boolean(request.connection_termination_details || meaning(request.response_flags ?? ''));

export async function open(body, told) {
  const given = new URLSearchParams(location.search);
  let pod = given.get('pod') ?? '', last = 0, requests = [], chosen, halted = false;
  const pods = element('select', { id: 'pod', onchange: () => { pod = pods.value; last = 0; requests = []; chosen = undefined; turn(); } });
  const { bar, fits } = filters(() => show());
  const halt = element('button', { type: 'button', 'aria-pressed': 'false' }, 'Hold');
  const problem = element('p', { class: 'problem', role: 'status' });
  const details = element('section', { id: 'details', 'aria-live': 'polite' }, element('p', { class: 'soft' }, 'Choose a request to see who decided what about it.'));
  const list = element('div');
  body.append(element('div', { class: 'bar' }, element('label', {}, 'Pod', pods), halt), bar, problem, details, list);
  halt.addEventListener('click', () => { halted = !halted; halt.setAttribute('aria-pressed', String(halted)); });

  function line(name, value) {
    return value === undefined || value === '' || value === '-' ? undefined : element('p', {}, element('b', {}, `${name}: `), value);
  }

  function explain(request) {
    chosen = request.number;
    const log = Object.entries(request).filter(([name]) => name !== 'number').map(([name, value]) => `${name}=${value}`).join(' ');
    details.replaceChildren(...[
      element('p', {}, element('b', {}, subject(request)), request.method ? ` answered ${request.response_code} in ${millis(Number(request.duration))}` : ` ${outcome(request)} after ${millis(Number(request.duration))}, ${request.bytes_received} bytes in, ${request.bytes_sent} out`),
      line('What went wrong', meaning(request.response_flags ?? '')),
      line('Why it was refused', request.connection_termination_details),
      line('Who answered', !request.method ? '' : request.response_code_details === 'via_upstream' ? `the endpoint ${request.upstream_host}` : `the proxy: ${request.response_code_details}`),
      line('Why there is no connection', request.upstream_transport_failure_reason),
      line('Decision', [request.virtual_host && `virtual host ${request.virtual_host}`, request.route_name && `route ${request.route_name}`, request.upstream_cluster && `cluster ${request.upstream_cluster}`, request.upstream_host && `endpoint ${request.upstream_host}`].filter(Boolean).join(' → ')),
      line('Tries', request.attempts),
      line('Client', [request.downstream_remote_address, request.peer].filter(Boolean).join(' ')),
      line('Request id', request.request_id),
      line('Trace', request.trace_id && `${request.trace_id} (${request.trace_sampled === '0' ? 'which is not recorded' : 'lateen dashboard jaeger shows it'})`),
      element('details', {}, element('summary', {}, 'Access log'), element('pre', { tabindex: '0' }, log)),
    ].filter(Boolean));
  }

  function show() {
    const found = requests.filter(fits);
    const shown = found.slice(-SHOWN).reverse();
    replace(list, table(`${found.length > SHOWN ? `The newest ${SHOWN} of ` : ''}${found.length} of the last ${requests.length} requests of ${pod || 'no pod'}, the newest first`,
      ['Time', 'Direction', 'Request', 'Status', 'Duration', 'Flags', 'Cluster'], 99,
      shown.map(request => [
        element('button', { type: 'button', 'data-key': String(request.number), onclick: () => explain(request) }, (request.start_time ?? '').replace(/^.*T|Z$/g, '')),
        inbound(request) ? 'to it' : 'from it',
        subject(request),
        element('span', { class: isBad(request) ? 'bad' : undefined }, outcome(request)),
        millis(Number(request.duration)), meaning(request.response_flags ?? ''), request.upstream_cluster ?? ''])));
  }

  async function turn() {
    let answer = await ask('/api/requests', { pod, since: last });
    const names = answer.pods ?? [];
    if (!pod && names.length) { pod = names.find(name => !name.startsWith('istio-system/')) ?? names[0]; answer = await ask('/api/requests', { pod }); }
    if ([...pods.options].map(option => option.value).join() !== names.join()) {
      pods.replaceChildren(...names.map(name => element('option', { value: name, selected: name === pod }, name)));
    }
    problem.textContent = answer.problem ?? '';
    if (answer.last !== undefined && answer.last < last) { last = 0; requests = []; }
    if (halted || !answer.requests) return;
    last = answer.last;
    requests = [...requests, ...answer.requests].slice(-KEPT);
    show();
  }

  return async function refresh() {
    told(await ask('/api/traffic'));
    await turn();
  };
}
