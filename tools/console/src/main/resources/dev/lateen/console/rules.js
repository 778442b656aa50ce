import { ask, element, replace, table } from './page.js';

export const title = 'Rules';

const STATES = { accepted: ['good', 'in force'], refused: ['bad', 'refused'], unknown: ['soft', 'not looked at yet'], none: ['soft', 'has no status'] };
const isDoubtful = rule => rule.state === 'refused' || rule.state === 'unknown' || rule.messages.length > 0;
/** What objects are called by here; those of the cluster are in no namespace. */
const nameOf = rule => rule.namespace ? `${rule.namespace}/${rule.name}` : rule.name;

/** The line of a document at which a path such as `spec.http[0].route` stands, as far as it can be followed. */
export function lineOf(yaml, path) {
  const lines = yaml.split('\n');
  let from = 0, indent = -1, found = -1;
  for (const step of path.match(/[^.[\]]+|\[\d+\]/g) ?? []) {
    const item = /^\[(\d+)\]$/.exec(step);
    let left = item ? Number(item[1]) : 0, at = -1, deep = -1;
    for (let i = from; i < lines.length; i++) {
      const text = lines[i].replace(/^(\s*)- /, item ? '$1- ' : '$1  ');
      const spaces = text.search(/\S/);
      if (spaces < 0) continue;
      if (i > from && spaces < indent) break;
      const fits = item ? text.trimStart().startsWith('- ') : new RegExp(`^\\s*"?${step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"?:`).test(text);
      if (fits && (deep < 0 || spaces === deep)) { deep = spaces; if (left-- === 0) { at = i; break; } }
    }
    if (at < 0) break;
    found = at;
    from = item ? at : at + 1;
    indent = item ? deep : deep;
  }
  return found;
}

/** The path in a message such as `spec.http[0].timeout: …`. */
const pathOf = message => /(?:^|\s)(spec(?:[.[][\w\]-]+)+)/.exec(message)?.[1];

function document(rule) {
  const marked = new Set(rule.messages.map(({ message }) => pathOf(message)).filter(Boolean).map(path => lineOf(rule.yaml, path)));
  const lines = rule.yaml.replace(/^---\n/, '').split('\n');
  const shift = rule.yaml.startsWith('---\n') ? 1 : 0;
  return element('pre', { tabindex: '0' }, ...lines.flatMap((line, i) => [marked.has(i + shift) ? element('mark', {}, line || ' ') : line, '\n']));
}

export async function open(body, told) {
  const problems = element('div');
  const filter = element('input', { type: 'search', id: 'filter', placeholder: 'kind, namespace or name' });
  const wrong = element('input', { type: 'checkbox', id: 'wrong' });
  const list = element('div');
  body.append(element('div', { class: 'bar' }, element('label', {}, 'Find', filter), element('label', {}, wrong, 'only what is not in force or doubtful')), problems, list);
  let known = '', all = [];
  const chosen = new Set();

  function show() {
    const text = filter.value.trim().toLowerCase();
    const found = all.filter(rule => `${rule.kind} ${nameOf(rule)}`.toLowerCase().includes(text) && (!wrong.checked || isDoubtful(rule)));
    replace(list,
      table(`${found.length} of ${all.length} objects`, ['Object', 'Kind', 'Namespace', 'State', 'What is said of it'], 99, found.map(rule => [
        element('a', { href: `#${rule.kind}/${rule.namespace}/${rule.name}`, 'data-key': `${rule.kind}/${rule.namespace}/${rule.name}` }, rule.name), rule.kind, rule.namespace,
        element('span', { class: `badge ${STATES[rule.state][0]}` }, STATES[rule.state][1]),
        element('span', {}, ...rule.messages.map(({ level, message }) => element('p', { class: level === 'ERROR' ? 'problem' : undefined }, message)))])),
      ...found.map(rule => {
        const key = `${rule.kind}/${rule.namespace}/${rule.name}`;
        return element('details', { id: key, open: chosen.has(key) || rule.messages.length > 0 || location.hash === `#${key}`, ontoggle: event => event.target.open ? chosen.add(key) : chosen.delete(key) },
          element('summary', { 'data-key': `summary ${key}` }, `${rule.kind} ${nameOf(rule)}`), document(rule));
      }));
  }
  filter.addEventListener('input', show);
  wrong.addEventListener('change', show);
  addEventListener('hashchange', () => { const one = globalThis.document.getElementById(decodeURIComponent(location.hash.slice(1))); if (one) one.open = true; });

  return async function refresh() {
    told(await ask('/api/traffic'));
    const answer = await ask('/api/rules');
    const text = JSON.stringify(answer);
    if (text === known) return;
    known = text;
    all = answer.rules ?? [];
    replace(problems, ...(answer.problems ?? []).map(problem => element('p', { class: 'problem' }, problem)));
    show();
  };
}
