// What goes along from one kind of page to another.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { carry, takeCarried } from '../../web/carry.js';

const strokes = [[{ x: 0.1, y: 0.2 }], [{ x: 0.3, y: 0.4 }, { x: 0.5, y: 0.6 }]];
const nothing = { strokes: null, entries: [] };

function memory() {
  const items = new Map();
  const storage = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
  return { items, storage: () => storage };
}

test('the next page takes it, and nothing is left', () => {
  const { items, storage } = memory();
  carry(storage, { strokes, entries: [1] });
  assert.deepEqual(takeCarried(storage), { strokes, entries: [1] });
  assert.equal(items.size, 0);
  assert.deepEqual(takeCarried(storage), nothing);
});

test('an empty pad carries no strokes', () => {
  const { storage } = memory();
  carry(storage, { strokes: [], entries: [] });
  assert.deepEqual(takeCarried(storage), nothing);
});

test('what is damaged or forbidden is nothing', () => {
  const { items, storage } = memory();
  for (const content of ['{', '7', '{"strokes": 7}', '{"strokes": [[[null]]], "entries": 7}']) {
    items.set('mnist-carried', content);
    assert.deepEqual(takeCarried(storage), nothing);
  }
  const forbidden = () => {
    throw new Error('denied');
  };
  carry(forbidden, { strokes, entries: [] });
  assert.deepEqual(takeCarried(forbidden), nothing);
});
