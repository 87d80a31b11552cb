// Wires the page together: pad -> drawing -> reader -> answer; samples and pictures come in beside the pad.

import { parseAddress } from './address.js';
import { AnswerView } from './answer-view.js';
import { carry, takeCarried } from './carry.js';
import { addReaders } from './compare.js';
import { setEnabled } from './controls.js';
import { Drawing } from './drawing.js';
import { fitted } from './geometry.js';
import { HistoryView } from './history-view.js';
import { History } from './history.js';
import { Mode } from './mode.js';
import { Pad } from './pad.js';
import { copyAndPaste, isField, offerSamples, takePictures } from './put.js';
import { Reader } from './reader.js';
import { Sees } from './sees.js';
import { Server } from './server.js';
import { NUMBER, ONE_DIGIT } from './tasks.js';
import { Why } from './why.js';

const ONE_DIGIT_A_PICTURE = 'A picture is read as one digit, and this pad is for numbers: draw the number with a pen.';
const TITLES = { number: 'Draw a number', compare: 'Compare models' };
const tab = () => window.sessionStorage;

const element = (id) => document.getElementById(id);
const app = element('app');
const address = parseAddress(window.location.search);
const links = [...document.querySelectorAll('nav a')];
const task = address.kind === 'number' ? NUMBER : ONE_DIGIT;
const server = new Server(document.querySelector('meta[name="inference-url"]').content);

app.dataset.kind = address.kind;
links.find((link) => parseAddress(new URL(link.href).search).kind === address.kind).setAttribute('aria-current', 'page');
if (address.kind in TITLES) document.title = element('title').textContent = TITLES[address.kind];
if (address.kind === 'compare') element('reasons').textContent = 'Shows which ink decided for the CNN on the server.';

const drawing = new Drawing();
const pad = new Pad(element('pad'), drawing, changed);
const mode = new Mode(
  address,
  {
    radios: [...document.querySelectorAll('input[name="mode"]')],
    links,
    loading: element('loading'),
    words: element('loading-words'),
    progress: element('progress'),
    privacy: element('privacy'),
  },
  server,
  changeMode,
);
const readers = [new Reader(drawing, task, mode.predictor, render)];
const views = [new AnswerView(document.querySelector('.answer'))];
if (mode.name === 'both') addReaders({ drawing, task, server, browser: mode.browser, onChange: render, readers, views });
const [reader] = readers;
const sees = new Sees(element('image'), element('pixel'));
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
    hint: element('hint'),
  },
  address.kind === 'number',
  (strokes) => {
    putStrokes(strokes);
    element('pad').focus(); // the list is made anew
  },
);
let recorded = null; // the reading that the history has
let refusal = null; // what is wrong with what was last put on the pad

/** The ink changed. */
function changed() {
  refusal = null;
  for (const each of readers) each.drawn();
  render();
}

/** Change the drawing other than by the pen: whatever was said, or is still being asked, was about another one. */
function change(how) {
  pad.release();
  how();
  refusal = null;
  for (const each of readers) each.erased();
  pad.draw();
  render();
}

function put(what) {
  change(() => drawing.replace(what));
  element('pad').scrollIntoView({ block: 'nearest' }); // on a phone what puts it there is below
}

function putStrokes(strokes) {
  put({ strokes: fitted(strokes, padHeight()) });
}

function refuse(message) {
  refusal = message;
  renderNotice();
}

/** The height of the pad in its widths. */
function padHeight() {
  const { clientWidth, clientHeight } = element('pad');
  return clientHeight / clientWidth;
}

function changeMode() {
  reader.predictor = mode.predictor; // is asked at once about what is on the pad
  if (drawing.isEmpty) reader.ping();
  render();
}

function render() {
  const now = { isEmpty: drawing.isEmpty, isDrawing: pad.isDrawing, invitation: task.invitation };
  const [state] = views.map((view, index) => view.render(readers[index], now));
  app.dataset.state = state;
  const isSettled = ['sure', 'unsure', 'not-a-digit'].includes(state);
  sees.show(reader.lastReading?.digits.map(({ image }) => image) ?? []);
  why.show(isSettled ? reader.reading : null, reader.predictor);
  if (isSettled && drawing.picture === null && reader.reading !== recorded) record(reader.reading);
  setEnabled(element('undo'), drawing.canUndo, element('pad'));
  setEnabled(element('redo'), drawing.canRedo, element('pad'));
  renderNotice();
}

/** Put a reading into the history. */
function record(reading) {
  recorded = reading;
  past.add({ piece: drawing.piece, strokes: drawing.strokes, text: reading.text, confidence: reading.confidence });
  pastView.render();
}

/** What is wrong, at the foot of the window, where it moves nothing. */
function renderNotice() {
  const trouble = readers.find((each) => each.trouble !== null)?.trouble ?? null;
  element('notice').hidden = trouble === null && refusal === null;
  const words = trouble === null ? refusal : `${trouble.message}${trouble.retry ? ' Trying again…' : ''}`;
  if (element('trouble').textContent !== words) element('trouble').textContent = words; // is read out once
  element('switch').hidden = trouble === null || mode.name !== 'server';
  element('dismiss').hidden = trouble !== null;
}

element('undo').addEventListener('click', () => change(() => drawing.undo()));
element('redo').addEventListener('click', () => change(() => drawing.redo()));
element('clear').addEventListener('click', () => change(() => drawing.clear()));
element('switch').addEventListener('click', () => {
  mode.choose('browser');
  element('pad').focus({ preventScroll: true }); // the button is gone
});
element('dismiss').addEventListener('click', () => {
  refuse(null);
  element('pad').focus({ preventScroll: true });
});
document.addEventListener('keydown', (event) => {
  if (isField(event.target)) return; // it has an undo and an Esc of its own
  const key = event.key.toLowerCase();
  if (key === 'escape') change(() => drawing.clear());
  if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== 'z' && key !== 'y')) return;
  event.preventDefault();
  const isRedo = key === 'y' || event.shiftKey;
  change(() => (isRedo ? drawing.redo() : drawing.undo()));
});

offerSamples(element('samples'), element('pad'), (strokes) => {
  const together = task.withSample(drawing.strokes, strokes, padHeight());
  if (together === null) refuse('There is no room for another digit: clear the pad first.');
  else put({ strokes: together, isMore: drawing.strokes.length > 0 && task === NUMBER });
});
copyAndPaste(drawing, { putStrokes, refuse });
takePictures(
  { button: element('picture'), input: element('file'), target: element('pad') },
  { put: task === NUMBER ? () => refuse(ONE_DIGIT_A_PICTURE) : put, refuse },
);

// Ink of another colour.
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  pad.draw();
  why.draw();
});

// The drawing and the list go along to another kind of page.
for (const link of links) {
  link.addEventListener('click', () => carry(tab, { strokes: drawing.strokes, entries: past.entries }));
}
const { strokes: carried, entries } = takeCarried(tab);
past.takeUp(entries);
if (carried !== null) putStrokes(carried);

pastView.render();
render();
for (const each of readers) each.ping();
