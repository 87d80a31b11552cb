// Wires the page together: pad -> drawing -> image -> server -> answer.

import { messageFor, shortPercent, stateOf } from './answer.js';
import { Drawing } from './drawing.js';
import { NewestWins } from './newest.js';
import { Pad } from './pad.js';
import { imageFromStrokes } from './preprocessing.js';
import { Server } from './server.js';

const RETRY_MS = 1000;

const app = document.querySelector('#app');
const element = (id) => document.getElementById(id);
const server = new Server(document.querySelector('meta[name="inference-url"]').content);
const drawing = new Drawing();
const pad = new Pad(element('pad'), drawing, changed);
const questions = new NewestWins(({ image }, signal) => server.predict([image], signal), { onAnswer, onError });

let latest = null; // {version, answer} or {version, error}: the last thing the server said of this drawing
let retryTimer = null;

/** The ink changed. */
function changed() {
  if (!drawing.isEmpty) ask();
  render();
}

/** Ink was taken away: whatever was said, or is still being asked, was about another drawing. */
function removed() {
  questions.cancel();
  latest = null;
  pad.draw();
  changed();
}

function ask() {
  questions.ask(() => ({ version: drawing.version, image: imageFromStrokes(drawing.strokes) }));
}

function onAnswer({ version }, [answer]) {
  latest = { version, answer };
  setOffline(null);
  render();
}

function onError({ version }, error) {
  latest = { version, error };
  setOffline(error.retry ? error : null); // a refusal shows that the server is there
  render();
}

/** Say that the server is away and keep trying, or that it is back (null). */
function setOffline(error) {
  clearTimeout(retryTimer);
  element('connection').hidden = error === null;
  if (error === null) return;
  element('connection').textContent = `${error.message} Trying again…`;
  retryTimer = setTimeout(() => (drawing.isEmpty ? ping() : ask()), RETRY_MS);
}

async function ping() {
  try {
    await server.ping();
    if (drawing.isEmpty) setOffline(null);
    else ask(); // it is reachable; whether it answers shows now
  } catch (error) {
    setOffline(error);
  }
}

function render() {
  const current = latest?.version === drawing.version ? latest : null;
  const answer = current?.answer ?? null;
  const error = current?.error ?? null;
  const state = stateOf({ isEmpty: drawing.isEmpty, isDrawing: pad.isDrawing, error, answer });
  const underway = state === 'drawing' || state === 'pending';
  // While the pen is down the last answer stays in sight, dimmed: it was for a part of the same drawing.
  const shown = underway ? (latest?.answer ?? null) : answer;
  app.dataset.state = state;
  element('result').setAttribute('aria-busy', String(underway)); // only settled answers are read out
  element('digit').textContent = shown && shown.is_digit && state !== 'error' ? shown.digit : '';
  element('message').textContent = messageFor(state, answer, error);
  renderBars(shown?.probabilities ?? null);
  element('undo').disabled = drawing.isEmpty;
}

function renderBars(probabilities) {
  const likeliest = probabilities ? Math.max(...probabilities) : 1;
  for (const [digit, bar] of [...element('bars').children].entries()) {
    const probability = probabilities?.[digit] ?? 0;
    bar.style.setProperty('--share', probability);
    bar.classList.toggle('likeliest', probability === likeliest);
    bar.querySelector('.percent').textContent = probabilities ? shortPercent(probability) : '';
  }
}

function undo() {
  if (drawing.isEmpty) return;
  pad.release();
  drawing.undo();
  removed();
}

function clear() {
  pad.release();
  drawing.clear();
  removed();
}

element('undo').addEventListener('click', undo);
element('clear').addEventListener('click', clear);
document.addEventListener('keydown', (event) => {
  const withControl = event.ctrlKey || event.metaKey;
  if (event.key === 'Escape') clear();
  else if (withControl && !event.shiftKey && event.key.toLowerCase() === 'z') {
    event.preventDefault();
    undo();
  }
});

window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => pad.draw()); // ink of another colour

if (new URLSearchParams(window.location.search).get('mode') === 'browser') {
  element('mode').textContent = 'Predicting in the browser is not built yet: the server answers instead.';
  element('mode').hidden = false;
}
element('where').textContent = server.url;
render();
ping();
