// Asks for data.json every two seconds and shows it. All text is set as text: nothing is ever markup.
'use strict';

const PERIOD = 2000;
const SVG = 'http://www.w3.org/2000/svg';
const at = (id) => document.getElementById(id);

function time(second) {
  return second === 0 ? 'never' : new Date(second * 1000).toLocaleString();
}

function cell(value, kind) {
  const cell = document.createElement('td');
  cell.textContent = value;
  if (kind) cell.className = kind;
  return cell;
}

// Rows are only made anew where something has changed, so that whoever reads or selects is not disturbed.
const shown = new Map();
function rows(id, items, cells) {
  const text = JSON.stringify(items);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  const made = items.map((item) => {
    const row = document.createElement('tr');
    row.append(...cells(item));
    return row;
  });
  if (made.length === 0) {
    const row = document.createElement('tr');
    row.append(cell('none'));
    made.push(row);
  }
  at(id).replaceChildren(...made);
}

function hour(minutes) {
  const most = Math.max(1, ...minutes.map((counts) => counts[0] + counts[1] + counts[2]));
  const bars = [];
  minutes.forEach((counts, minute) => {
    let bottom = 120;
    ['denied', 'monitored', 'passed'].forEach((verdict, index) => {
      const height = counts[index] / most * 116;
      if (height === 0) return;
      const bar = document.createElementNS(SVG, 'rect');
      // A single denial among many requests is to be seen.
      const seen = index < 2 ? Math.max(height, 3) : height;
      bottom -= seen;
      bar.setAttribute('class', verdict);
      bar.setAttribute('x', minute * 10 + 1);
      bar.setAttribute('y', bottom);
      bar.setAttribute('width', 8);
      bar.setAttribute('height', seen);
      bars.push(bar);
    });
  });
  at('hour').replaceChildren(...bars);
  const sum = (index) => minutes.reduce((sum, counts) => sum + counts[index], 0);
  at('hour-text').textContent =
    `${sum(0)} denied, ${sum(1)} monitored, ${sum(2)} passed; at most ${most} requests in a minute.`;
}

function attention(items) {
  const list = items.length ? items : ['Nothing.'];
  const text = JSON.stringify(list);
  if (shown.get('attention') === text) return;
  shown.set('attention', text);
  at('attention').replaceChildren(...list.map((item) => {
    const row = document.createElement('li');
    row.textContent = item;
    if (items.length) row.className = 'bad';
    return row;
  }));
}

function show(data) {
  at('about').textContent = `Version ${data.version}, NGINX ${data.nginx}`;
  attention(data.attention);
  hour(data.hour);
  at('last-count').textContent = data.sightings.length < data.seen
    ? `The last ${data.sightings.length} of ${data.seen}.` : '';
  rows('last', data.sightings, (seen) => [
    cell(time(seen.last), 'time'), cell(seen.fingerprint, 'code'), cell(seen.list), cell(seen.reason),
    cell(seen.denied, 'number'), cell(seen.monitored, 'number'), cell(seen.client, 'code'), cell(seen.endpoint),
    cell(seen.rule), cell(time(seen.first), 'time'),
  ]);
  rows('most', data.most, (seen) => [
    cell(seen.denied + seen.monitored, 'number'), cell(seen.fingerprint, 'code'), cell(seen.list),
    cell(seen.reason), cell(seen.client, 'code'), cell(seen.endpoint), cell(time(seen.first), 'time'), cell(time(seen.last), 'time'),
  ]);
  rows('rules', data.rules, (rule) => [
    cell(rule.id), cell(rule.denied, 'number'), cell(rule.monitored, 'number'),
  ]);
  at('store').textContent = data.store === null ? 'No store is named.'
    : data.store.usable ? `${data.store.entries} entries, commit ${data.store.commit}, changed ${time(data.store.changed)}.`
      : 'The store cannot be used.';
}

async function look() {
  try {
    const answer = await fetch('data.json', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
    at('state').textContent = `As of ${new Date().toLocaleTimeString()}.`;
    at('state').className = '';
  } catch (error) {
    at('state').textContent = `NGINX does not answer (${error.message}); what is shown is old.`;
    at('state').className = 'bad';
  }
  setTimeout(look, PERIOD);
}

look();
