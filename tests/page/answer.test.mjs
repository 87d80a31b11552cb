// The page's states, and its words for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { messageFor, percent, shortPercent, stateOf } from '../../web/answer.js';

const probabilities = [0, 0, 0, 0, 0.5, 0, 0, 0, 0.1, 0.4];
const unsure = { digit: 4, confidence: 0.5, is_digit: true, probabilities };
const drawn = { isEmpty: false, isDrawing: false, error: null, answer: null };

for (const [state, now] of [
  ['empty', { ...drawn, isEmpty: true, answer: unsure }],
  ['drawing', { ...drawn, isDrawing: true, answer: unsure }],
  ['pending', drawn],
  ['error', { ...drawn, error: new Error('away') }],
  ['unsure', { ...drawn, answer: unsure }],
  ['sure', { ...drawn, answer: { ...unsure, confidence: 0.95 } }],
  ['not-a-digit', { ...drawn, answer: { ...unsure, confidence: 0.3, is_digit: false } }],
]) {
  test(`state: ${state}`, () => assert.equal(stateOf(now), state));
}

test('unsure names the two likeliest digits', () => {
  assert.equal(messageFor('unsure', unsure, null), '4 or 9? 50 % sure');
});

test('a refused drawing is told what it is near, if it is near anything', () => {
  const refused = { ...unsure, is_digit: false };
  assert.equal(messageFor('not-a-digit', refused, null), 'That does not look like a digit; the nearest is 4.');
  const scribble = { ...refused, confidence: 0.12 };
  assert.equal(messageFor('not-a-digit', scribble, null), 'That does not look like a digit.');
});

test('an error speaks for itself', () => {
  assert.equal(messageFor('error', null, new Error('The server is away.')), 'The server is away.');
});

test('every state has words', () => {
  for (const state of ['empty', 'drawing', 'pending', 'sure', 'not-a-digit']) {
    assert.match(messageFor(state, unsure, null), /\w/);
  }
});

test('nothing uncertain is shown as 100 %', () => {
  assert.equal(percent(0.99999), 'over 99.9 %');
  assert.equal(percent(0.954), '95.4 %');
  assert.equal(percent(1), '100 %');
  assert.equal(shortPercent(0.9999), '>99 %');
  assert.equal(shortPercent(0.4), '40 %');
});
