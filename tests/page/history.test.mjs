// The last drawings, and what is kept of them on the device.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { History } from '../../web/history.js';

const line = (x) => [[{ x, y: 0.123456 }, { x, y: 1 }]];
// Each piece in another place.
const seven = (piece, x = 0.5 + (piece - 1) / 100) => ({ piece, strokes: line(x), text: '7', confidence: 0.98 });

/** A Storage as browsers have it. */
class Memory {
  items = new Map();
  getItem = (key) => this.items.get(key) ?? null;
  setItem = (key, value) => this.items.set(key, String(value));
  removeItem = (key) => this.items.delete(key);
}

/** A storage of its own. */
function remember() {
  const memory = new Memory();
  return () => memory;
}

test('the newest comes first, and more strokes of a piece replace its entry', () => {
  const history = new History(remember());
  history.add(seven(1));
  history.add({ ...seven(2), text: '1' });
  history.add({ ...seven(2), text: '4' });
  assert.deepEqual(
    history.entries.map(({ text }) => text),
    ['4', '7'],
  );
});

test('undo and redo move an entry to the front, and add none', () => {
  const history = new History(remember());
  for (const piece of [1, 2, 1, 2, 1]) history.add(seven(piece, piece / 10));
  assert.deepEqual(
    history.entries.map(({ piece }) => piece),
    [1, 2],
  );
});

test('a correction stays while the ink does, however often it is read again', () => {
  const history = new History(remember());
  history.add(seven(1));
  history.correct(history.entries[0], '5');
  history.add(seven(1));
  assert.equal(history.entries[0].label, '5');
  history.add(seven(1, 0.9));
  assert.equal(history.entries[0].label, null);
});

test('a drawing that is brought back to the pad, or along to another page, keeps its entry and its label', () => {
  const [first, second] = [new History(remember()), new History(remember())];
  first.add(seven(1));
  first.add(seven(2, 0.2));
  first.correct(first.entries[1], '1');
  first.add(seven(3, 0.5));
  assert.deepEqual(
    first.entries.map(({ strokes, label }) => [strokes[0][0][0], label]),
    [
      [0.5, '1'],
      [0.2, null],
    ],
  );
  second.takeUp(first.entries);
  second.add(seven(1));
  assert.equal(second.entries.length, 2);
  assert.equal(second.entries[0].label, '1');
});

test('a page that keeps nothing leaves alone what another keeps', () => {
  const memory = new Memory();
  const idle = new History(() => memory);
  const keeping = new History(() => memory);
  keeping.keep(true);
  keeping.add(seven(1));
  idle.add(seven(1));
  idle.clear();
  assert.equal(new History(() => memory).entries.length, 1);
});

test('only the last 30 are held', () => {
  const history = new History(remember());
  for (let piece = 0; piece < 40; piece += 1) history.add(seven(piece));
  assert.equal(history.entries.length, 30);
  assert.equal(history.entries[0].piece, 39);
});

test('nothing is stored until it is asked for, and nothing is left when it no longer is', () => {
  const memory = new Memory();
  const history = new History(() => memory);
  history.add(seven(1));
  assert.equal(memory.items.size, 0);
  history.keep(true);
  history.add(seven(2));
  assert.equal(new History(() => memory).entries.length, 2);
  history.keep(false);
  assert.equal(memory.items.size, 0);
  assert.equal(history.entries.length, 2);
});

test('another visit takes up what was kept, and its drawings are not mistaken for those', () => {
  const memory = new Memory();
  const first = new History(() => memory);
  first.keep(true);
  first.add(seven(1));
  const second = new History(() => memory);
  assert.ok(second.isKeeping);
  second.add({ ...seven(1, 0.1), text: '1' });
  assert.deepEqual(
    second.entries.map(({ text }) => text),
    ['1', '7'],
  );
});

test('a correction is stored, and can be taken back', () => {
  const memory = new Memory();
  const history = new History(() => memory);
  history.keep(true);
  history.add(seven(1));
  history.correct(history.entries[0], '5');
  assert.equal(new History(() => memory).entries[0].label, '5');
  history.correct(history.entries[0], null);
  assert.equal(new History(() => memory).entries[0].label, null);
});

test('clear forgets everything, on the device too', () => {
  const memory = new Memory();
  const history = new History(() => memory);
  history.keep(true);
  history.add(seven(1));
  history.clear();
  assert.equal(history.entries.length, 0);
  assert.equal(new History(() => memory).entries.length, 0);
});

test('JSON has the strokes as the server takes them, and as label what the person said', () => {
  const history = new History(remember());
  const drawn = [seven(1), { ...seven(2), text: '' }, seven(3), seven(4), { ...seven(5), text: '2026' }, { ...seven(6), text: '4' }];
  for (const each of drawn) history.add(each);
  const [four, number, right, wrong, none] = history.entries;
  for (const [entry, label] of [[four, '47'], [number, '2025'], [right, '7'], [wrong, '1'], [none, '']]) {
    history.correct(entry, label);
  }
  const drawings = JSON.parse(history.toJson());
  assert.deepEqual(
    drawings.map(({ label, number: said, read }) => [label, said, read]),
    [
      [null, '47', '4'],
      [null, '2025', '2026'],
      [7, undefined, '7'],
      [1, undefined, '7'],
      [-1, undefined, ''],
      [null, undefined, '7'],
    ],
  );
  assert.deepEqual(drawings[5].strokes, [
    [
      [0.5, 0.1235],
      [0.5, 1],
    ],
  ]);
});

test('two pages that keep do not take each other\'s drawings away', () => {
  const memory = new Memory();
  const [first, second] = [new History(() => memory), new History(() => memory)];
  for (const each of [first, second]) each.keep(true);
  first.add(seven(1));
  second.add({ ...seven(1), text: '4' });
  first.add({ ...seven(2), text: '1' });
  assert.deepEqual(
    new History(() => memory).entries.map(({ text }) => text).sort(),
    ['1', '4', '7'],
  );
  second.clear();
  assert.equal(new History(() => memory).entries.length, 0);
});

test('entries of another page of this visit are taken up, once, and only if they are whole', () => {
  const [first, second] = [new History(remember()), new History(remember())];
  first.add(seven(1));
  second.add({ ...seven(1), text: '4' });
  for (let time = 0; time < 2; time += 1) second.takeUp([...first.entries, { text: '9' }, null]);
  assert.deepEqual(
    second.entries.map(({ text }) => text),
    ['4', '7'],
  );
});

test('a storage that refuses, or holds something else, does no harm', () => {
  const refusing = new Memory();
  refusing.getItem = refusing.setItem = refusing.removeItem = () => {
    throw new Error('denied');
  };
  const history = new History(() => refusing);
  history.keep(true);
  history.add(seven(1));
  assert.equal(history.entries.length, 1);
  const kept = '"id": "1", "text": "7", "confidence": 1, "label": null';
  const damaged = ['[]', '[5]', '[[]]', '[[[1]]]', '7'].map((strokes) => `[{"strokes": ${strokes}, ${kept}}]`);
  const others = ['{', '7', '{"a": 1}', '[null, 3]', '[{"id": "1", "strokes": [[[1, 2]]], "text": 7, "confidence": 1, "label": null}]'];
  for (const content of [...damaged, ...others]) {
    const memory = new Memory();
    memory.setItem('mnist-drawings', content);
    assert.deepEqual(new History(() => memory).entries, []);
  }
});
