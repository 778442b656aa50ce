import { ask, count, element, moment, replace, table, tile } from './page.js';

export const title = 'Security';

const DAY = 86400;
const who = (name, namespace) => name === 'unknown' ? 'somebody outside of the mesh' : `${name}.${namespace}`;
const identity = principal => principal === 'unknown' || !principal ? '–' : principal.replace('spiffe://', '');

export async function open(body, told) {
  const tiles = element('div', { class: 'tiles' });
  const list = element('div');
  body.append(tiles, list);

  return async function refresh() {
    const [traffic, { identities }, security] = await Promise.all([ask('/api/traffic'), ask('/api/identities'), ask('/api/security')]);
    told(traffic);
    const sum = policy => identities.filter(one => (one.policy === 'mutual_tls') === policy).reduce((all, one) => all + one.requests, 0);
    const refused = traffic.edges.reduce((all, edge) => all + (edge.codes['403'] ?? 0) + (edge.codes['401'] ?? 0), 0);
    replace(tiles,
      tile('requests under mutual TLS', count(sum(true)), 'good'),
      tile('in plain text', count(sum(false)), sum(false) ? 'bad' : undefined),
      tile('answered 401 or 403', count(refused), refused ? 'bad' : undefined),
      tile('pairs that talk', String(identities.length)));
    const rows = wanted => identities.filter(one => (one.policy === 'mutual_tls') === wanted)
      .sort((a, b) => b.requests - a.requests).slice(0, 200);
    const plain = rows(false);
    replace(list,
      element('h2', {}, 'Plain text left'),
      plain.length === 0 ? element('p', { class: 'good' }, 'None: all that the proxies received came under mutual TLS.')
        : table('Requests and connections that were received without TLS of the mesh', ['From', 'To', 'Service', 'So far'], 3,
          plain.map(one => [who(one.source, one.sourceNamespace), who(one.workload, one.namespace), one.service, count(one.requests)])),
      element('h2', {}, 'Denials'),
      (security.denials ?? []).length === 0 ? element('p', {}, 'Nothing was refused by a policy, as far as the proxies remember.')
        : table('The last refusals, with what each policy said', ['When', 'Proxy', 'Who wanted what', 'Reasons'], 99,
          security.denials.map(one => [moment(one.at), one.pod, one.subject, element('span', {}, ...one.reasons.map(reason => element('p', {}, reason)))])),
      element('h2', {}, 'Certificates'),
      table('Of the proxies', ['Proxy', 'Identity', 'Issued', 'Expires', 'Left'], 4,
        (security.certificates ?? []).map(one => {
          const left = (Date.parse(one.expires) - Date.now()) / 1000;
          return [one.pod, identity(one.identity), moment(one.issued), moment(one.expires),
            element('span', { class: left < 0 ? 'bad' : undefined }, left < 0 ? 'expired' : left < DAY * 2 ? `${(left / 3600).toFixed(1)} h` : `${(left / DAY).toFixed(0)} days`)];
        })),
      element('h2', {}, 'Who talks to whom'),
      table('Under mutual TLS, by what certificates proved', ['From', 'Under', 'To', 'Under', 'So far'], 4,
        rows(true).map(one => [who(one.source, one.sourceNamespace), identity(one.sourcePrincipal), who(one.workload, one.namespace), identity(one.principal), count(one.requests)])),
      ...(security.problems ?? []).map(problem => element('p', { class: 'problem' }, problem)));
  };
}
