// What all pages are made of: elements, figures, the console's answers.

export const content = document.getElementById('content');

/** An element; children that are no elements are text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter(child => child !== undefined && child !== null));
  return made;
}

/** A table; the first cell of a row is its head. Columns from `firstNumber` on are numbers. */
export function table(caption, heads, firstNumber, rows) {
  const kind = i => i >= firstNumber ? { class: 'number' } : {};
  const cell = (value, i) => i === 0
    ? element('th', { scope: 'row' }, value)
    : element('td', kind(i), value);
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    element('table', {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...heads.map((name, i) => element('th', { scope: 'col', ...kind(i) }, name)))),
      element('tbody', {}, ...rows.map(row => element('tr', {},
        ...row.map((value, i) => cell(value instanceof Node ? value : String(value), i)))))));
}

export function tile(name, value, kind) {
  return element('div', { class: 'tile' }, element('b', kind ? { class: kind } : {}, value), name);
}

/** Puts new content in place of the old, unless somebody is in the middle of using it. */
export function replace(place, ...children) {
  const focused = document.activeElement;
  const inside = place.contains(focused) && focused !== place;
  const key = inside ? focused.dataset.key : undefined;
  if (inside && !key) return;
  place.replaceChildren(...children);
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

export const count = value => value.toLocaleString('en-GB');
export const rate = value => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
export const percent = (part, all) => all === 0 ? '0.0 %' : `${(100 * part / all).toFixed(1)} %`;
export const millis = value => value === undefined || value === null ? '–'
  : value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(2)} s`;
export const bytes = value => value === undefined || value === null ? '–'
  : value < 1000 ? `${value.toFixed(0)} B` : value < 1e6 ? `${(value / 1000).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
export const target = edge => edge.workload === 'unknown' ? edge.service : edge.workload;
export const moment = text => element('span', { class: 'time' }, text.replace('T', ' ').replace(/(\.\d+)?Z$/, ''));
export const clock = time => new Date(time).toLocaleTimeString('en-GB');

export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ''));
  const answer = await fetch(`${path}${query.size ? `?${query}` : ''}`);
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${(await answer.text()).trim()}`);
  return answer.json();
}

/** Loads a library of the console's own once. */
export function library(address) {
  return new Promise((loaded, failed) => {
    const script = element('script', { src: address, onload: loaded, onerror: () => failed(new Error(`${address} cannot be loaded`)) });
    document.head.append(script);
  });
}

/** The colours of the page as they are now, light or dark. */
export function colours() {
  const probe = element('span', { hidden: true });
  document.body.append(probe);
  const colour = name => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const all = Object.fromEntries(['paper', 'card', 'ink', 'soft', 'line', 'good', 'bad', 'accent', 'box'].map(name => [name, colour(name)]));
  probe.remove();
  return all;
}
