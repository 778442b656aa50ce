import { content, element } from './page.js';

const page = document.body.dataset.page;
const state = document.getElementById('state');
const PAUSE = 2000;

for (const link of document.querySelectorAll('nav a')) {
  if (link.dataset.for === page) link.setAttribute('aria-current', 'page');
}

function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

/** How reading the proxies goes, from an answer about traffic. */
function told(traffic) {
  say([`${traffic.proxies} proxies read`, ...traffic.problems.slice(0, 1),
    ...traffic.leftOut ? [`${traffic.leftOut} edges left out`] : []].join('; '));
}

const { title, open } = await import(`./${page}.js`);
document.title = `${title} – Lateen`;
content.append(element('h1', {}, title));
const body = element('div');
content.append(body);
const refresh = await open(body, told);

async function turn() {
  try {
    if (!document.hidden) await refresh();
  } catch (error) {
    say(`The console does not answer: ${error.message}`);
  }
  setTimeout(turn, PAUSE);
}
await turn();
document.body.dataset.ready = 'yes';
