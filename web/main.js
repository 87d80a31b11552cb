// Wires the page together: pad -> drawing -> reader -> answer; samples and pictures come in beside the pad.

import { AnswerView } from './answer-view.js';
import { addReaders } from './compare.js';
import { Drawing } from './drawing.js';
import { HistoryView } from './history-view.js';
import { History } from './history.js';
import { Mode } from './mode.js';
import { Pad } from './pad.js';
import { copyAndPaste, offerSamples, takePictures } from './put.js';
import { Reader } from './reader.js';
import { Sees } from './sees.js';
import { Server } from './server.js';
import { NUMBER, ONE_DIGIT } from './tasks.js';
import { Why } from './why.js';

const element = (id) => document.getElementById(id);
const app = element('app');
const asked = new URLSearchParams(window.location.search);
const task = asked.has('number') ? NUMBER : ONE_DIGIT;
const kind = ['number', 'compare'].find((name) => asked.has(name)) ?? '';
const server = new Server(document.querySelector('meta[name="inference-url"]').content);

const drawing = new Drawing();
const pad = new Pad(element('pad'), drawing, changed);
const mode = new Mode(
  {
    radios: [...document.querySelectorAll('input[name="mode"]')],
    loading: element('loading'),
    words: element('loading-words'),
    progress: element('progress'),
    privacy: element('privacy'),
  },
  server,
  changeMode,
);
const reader = new Reader(drawing, task, mode.predictor, render);
const readers = [reader];
const views = [new AnswerView(document.querySelector('.answer'))];
const sees = new Sees(element('sees'), element('image'), element('pixel'));
const why = new Why({ button: element('why'), words: element('reasons'), canvas: element('heat'), pad: element('pad') });
const past = new History(() => window.localStorage);
const pastView = new HistoryView(
  past,
  {
    fold: element('history'),
    list: element('entries'),
    keep: element('keep'),
    save: element('export'),
    forget: element('forget'),
  },
  put,
);
let refusal = null; // what is wrong with the picture that was last put there

/** The ink changed. */
function changed() {
  refusal = null;
  for (const each of readers) each.drawn();
  render();
}

/** Ink was taken away or exchanged: whatever was said, or is still being asked, was about another drawing. */
function exchanged() {
  refusal = null;
  for (const each of readers) each.erased();
  pad.draw();
  render();
}

/** Change the drawing other than by the pen. */
function change(how) {
  pad.release();
  how();
  exchanged();
}

function put(what) {
  change(() => drawing.replace(what));
}

function changeMode(predictor) {
  if (kind === 'compare') return; // all of them are shown
  reader.predictor = predictor;
  render();
  reader.ping();
}

function render() {
  const now = { isEmpty: drawing.isEmpty, isDrawing: pad.isDrawing, invitation: task.invitation };
  const [state] = views.map((view, index) => view.render(readers[index], now));
  app.dataset.state = state;
  const isSettled = ['sure', 'unsure', 'not-a-digit'].includes(state);
  sees.show(reader.lastReading?.digits.map(({ image }) => image) ?? []);
  why.show(isSettled ? reader.reading : null, reader.predictor);
  if (isSettled && drawing.picture === null) keepInHistory();
  element('undo').disabled = !drawing.canUndo;
  element('redo').disabled = !drawing.canRedo;
  renderNotice();
}

let kept = null; // the reading that the history has
function keepInHistory() {
  const { reading } = reader;
  if (reading === kept) return;
  kept = reading;
  past.add({ piece: drawing.piece, strokes: drawing.strokes, digit: reading.text, confidence: reading.confidence });
  pastView.render();
}

/** What is wrong, at the foot of the window, where it moves nothing. */
function renderNotice() {
  const trouble = readers.find((each) => each.trouble !== null)?.trouble ?? null;
  element('notice').hidden = trouble === null && refusal === null;
  const words = trouble === null ? refusal : `${trouble.message}${trouble.retry ? ' Trying again…' : ''}`;
  if (element('trouble').textContent !== words) element('trouble').textContent = words; // is read out once
  element('switch').hidden = trouble === null || mode.name === 'browser' || kind === 'compare';
  element('dismiss').hidden = trouble !== null;
}

element('undo').addEventListener('click', () => change(() => drawing.undo()));
element('redo').addEventListener('click', () => change(() => drawing.redo()));
element('clear').addEventListener('click', () => change(() => drawing.clear()));
element('switch').addEventListener('click', () => mode.choose('browser'));
element('dismiss').addEventListener('click', () => {
  refusal = null;
  renderNotice();
});
document.addEventListener('keydown', (event) => {
  if (event.target.matches('input:not([type="radio"], [type="checkbox"])')) return; // it has an undo of its own
  const key = event.key.toLowerCase();
  if (key === 'escape') change(() => drawing.clear());
  if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== 'z' && key !== 'y')) return;
  event.preventDefault();
  const isRedo = key === 'y' || event.shiftKey;
  change(() => (isRedo ? drawing.redo() : drawing.undo()));
});

offerSamples(element('samples'), element('pad'), (strokes) => {
  const { clientWidth, clientHeight } = element('pad');
  put({ strokes: task.withSample(drawing.strokes, strokes, clientHeight / clientWidth) });
});
copyAndPaste(drawing, element('pad'), put);
takePictures(
  { button: element('picture'), input: element('file'), target: element('pad') },
  {
    put,
    refuse(message) {
      refusal = message;
      renderNotice();
    },
  },
);

// Ink of another colour.
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  pad.draw();
  render();
});

app.dataset.kind = kind;
for (const link of document.querySelectorAll('nav a')) {
  const shows = ['number', 'compare'].find((name) => new URL(link.href).searchParams.has(name)) ?? '';
  if (shows === kind) link.setAttribute('aria-current', 'page');
}
if (kind === 'number') {
  element('title').textContent = 'Draw a number';
  document.title = 'Draw a number';
}
if (kind === 'compare') {
  addReaders({ drawing, task, server, browser: mode.browser, onChange: render, readers, views });
}
render();
for (const each of readers) each.ping();
