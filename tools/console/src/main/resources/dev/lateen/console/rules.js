import { ask, element, replace } from './page.js';

export const title = 'Rules';

export async function open(body, told) {
  const problems = element('div');
  const list = element('div');
  body.append(problems, list);
  let known = '';

  async function refresh() {
    told(await ask('/api/traffic'));
    const answer = await ask('/api/rules');
    const text = JSON.stringify(answer);
    if (text === known) return;
    known = text;
    replace(problems, ...answer.problems.map(problem => element('p', { class: 'problem' }, problem)));
    list.replaceChildren(
      ...answer.rules.length === 0 ? [element('p', {}, 'No rules: every service is called as it is.')] : [],
      ...answer.rules.map(rule => element('details', {},
        element('summary', {}, `${rule.kind} ${rule.namespace}/${rule.name}`),
        element('pre', { tabindex: '0' }, rule.yaml), rule.status ? element('pre', { tabindex: '0' }, rule.status) : undefined)));
  }
  return refresh;
}
