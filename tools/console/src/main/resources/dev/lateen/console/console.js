'use strict';

async function refresh() {
  const state = document.getElementById('state');
  try {
    const response = await fetch('api/traffic');
    const { edges } = await response.json();
    edges.sort((a, b) => b.requestsPerSecond - a.requestsPerSecond);
    document.getElementById('edges').replaceChildren(...edges.map(row));
    state.textContent = edges.length === 0 ? 'No calls seen yet' : `${edges.length} connections`;
  } catch (error) {
    state.textContent = `The console does not answer: ${error.message}`;
  }
}

function row(edge) {
  const tr = document.createElement('tr');
  const cells = [edge.source, edge.destination, edge.requestsPerSecond.toFixed(1), `${(edge.errorShare * 100).toFixed(1)} %`];
  for (const text of cells) {
    const td = document.createElement('td');
    td.textContent = text;
    tr.append(td);
  }
  return tr;
}

refresh();
setInterval(refresh, 2000);
