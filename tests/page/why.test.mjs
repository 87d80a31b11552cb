// Which ink decided, in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inWords } from '../../web/why.js';

/** 784 relevances: a faint box from row and column 4 to 24, and what `marks` adds: [row, column, value]. */
function relevance(...marks) {
  const values = Array(784).fill(0);
  for (const corner of [4, 24]) for (const other of [4, 24]) values[28 * corner + other] = 0.001;
  for (const [row, column, value] of marks) values[28 * row + column] = value;
  return values;
}

test('the part that weighs most is named', () => {
  assert.equal(inWords(7, relevance([5, 14, 3], [20, 14, 0.5])), 'It is read as 7 most of all for its ink at the top.');
});

test('parts are named until they make up more than half, at most three', () => {
  const words = inWords(4, relevance([5, 5, 2], [14, 14, 1.9], [23, 23, 1.8], [5, 23, 1.7]));
  assert.equal(words, 'It is read as 4 most of all for its ink at the top left, in the middle and at the bottom right.');
});

test('what speaks against it is told too', () => {
  const words = inWords(1, relevance([14, 14, 2], [5, 5, -1]));
  assert.equal(
    words,
    'It is read as 1 most of all for its ink in the middle. The ink at the top left speaks against it.',
  );
});

test('where nothing decides, that is said', () => {
  assert.equal(inWords(0, Array(784).fill(0)), 'No single part decides for 0.');
});
