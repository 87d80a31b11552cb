// Asks a predictor about the drawing while it grows, and keeps what it said.

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Drawing } from '../../web/drawing.js';
import { NoAnswer } from '../../web/no-answer.js';
import { Reader } from '../../web/reader.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const task = { question: ({ strokes }) => ({ images: [strokes.length] }), reading: ({ images }, [answer]) => ({ images, answer }) };

/** A predictor whose answers come when the test says so. */
class Predictor {
  asked = [];
  pings = 0;
  away = null;
  predict = ([image]) => new Promise((resolve, reject) => this.asked.push({ image, resolve, reject }));
  ping = async () => {
    this.pings += 1;
    if (this.away) throw this.away;
  };
}

let drawing;
let predictor;
let reader;
let changes;

beforeEach(() => {
  drawing = new Drawing();
  predictor = new Predictor();
  changes = 0;
  reader = new Reader(drawing, task, predictor, () => (changes += 1));
});

function draw() {
  drawing.begin({ x: 0, y: 0 });
  drawing.extend([{ x: 1, y: 1 }]);
  drawing.end();
  reader.drawn();
}

test('nothing is asked about an empty pad', () => {
  reader.drawn();
  assert.equal(predictor.asked.length, 0);
});

test('the drawing is asked about, and its reading shows until it changes', async () => {
  draw();
  assert.equal(reader.reading, null);
  predictor.asked[0].resolve(['seven']);
  await settle();
  assert.equal(reader.reading.answer, 'seven');
  assert.ok(reader.milliseconds >= 0);
  assert.equal(changes, 1);
  draw();
  assert.equal(reader.reading, null);
  assert.equal(reader.lastReading.answer, 'seven'); // dimmed, while the pen goes on
});

test('what was erased is forgotten, and a late answer to it is not shown', async () => {
  draw();
  drawing.clear();
  reader.erased();
  predictor.asked[0].resolve(['seven']);
  await settle();
  assert.equal(reader.lastReading, null);
  assert.equal(predictor.asked.length, 1);
});

test('an answer that can come later is asked for again each second; a refusal is final', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  draw();
  predictor.asked[0].reject(new NoAnswer('away', { retry: true }));
  await settle();
  assert.equal(reader.error.message, 'away');
  assert.equal(reader.trouble.message, 'away');
  mock.timers.tick(1000);
  assert.equal(predictor.asked.length, 2);
  predictor.asked[1].reject(new NoAnswer('no', { retry: false }));
  await settle();
  assert.equal(reader.error.message, 'no');
  assert.equal(reader.trouble, null); // a refusal shows that it is there
  mock.timers.tick(5000);
  assert.equal(predictor.asked.length, 2);
  mock.timers.reset();
});

test('an empty pad pings, again and again while nobody is there', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  predictor.away = new NoAnswer('away', { retry: true });
  await reader.ping();
  assert.equal(reader.trouble.message, 'away');
  mock.timers.tick(1000);
  await settle();
  assert.equal(predictor.pings, 2);
  predictor.away = null;
  mock.timers.tick(1000);
  await settle();
  assert.equal(reader.trouble, null);
  mock.timers.reset();
});

test('another predictor is asked at once about what is drawn, and the old one is no longer heard', async () => {
  draw();
  const other = new Predictor();
  reader.predictor = other;
  assert.equal(other.asked.length, 1);
  predictor.asked[0].resolve(['old']);
  other.asked[0].resolve(['new']);
  await settle();
  assert.equal(reader.reading.answer, 'new');
});

test('the trouble of a predictor that is no longer asked is not told', async () => {
  predictor.away = new NoAnswer('away', { retry: true });
  const pinged = reader.ping();
  reader.predictor = new Predictor();
  await pinged;
  assert.equal(reader.trouble, null);
});
