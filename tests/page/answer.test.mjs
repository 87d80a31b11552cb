// The page's states, and its words for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { messageFor, namesADigit, percent, shortPercent, stateOf } from '../../web/answer.js';

const probabilities = [0, 0, 0, 0, 0.5, 0, 0, 0, 0.1, 0.4];
const four = { digit: 4, confidence: 0.5, is_digit: true, probabilities };
const refused = { ...four, is_digit: false };
const clear = { digit: 7, confidence: 0.98, is_digit: true, probabilities: [0, 0, 0, 0, 0, 0, 0, 0.98, 0.02, 0] };
const reading = (...digits) => ({
  text: digits.map(({ digit }) => digit).join(''),
  confidence: Math.min(...digits.map(({ confidence }) => confidence)),
  is_digit: digits.some(({ is_digit }) => is_digit),
  digits,
});
const drawn = { isEmpty: false, isDrawing: false, error: null, reading: null };
const said = (state, ...digits) => messageFor(state, { reading: reading(...digits), error: null, invitation: 'Draw!' });

for (const [state, now] of [
  ['empty', { ...drawn, isEmpty: true, reading: reading(four) }],
  ['drawing', { ...drawn, isDrawing: true, reading: reading(four) }],
  ['pending', drawn],
  ['error', { ...drawn, error: new Error('away') }],
  ['unsure', { ...drawn, reading: reading(four) }],
  ['sure', { ...drawn, reading: reading(clear) }],
  ['not-a-digit', { ...drawn, reading: reading(refused) }],
]) {
  test(`state: ${state}`, () => assert.equal(stateOf(now), state));
}

test('an empty pad invites', () => assert.equal(said('empty', four), 'Draw!'));

test('unsure names the two likeliest digits', () => {
  assert.equal(said('unsure', four), '4 or 9? 50 % sure');
});

test('a refused drawing is told what it is near, if it is near anything', () => {
  assert.equal(said('not-a-digit', refused), 'That does not look like a digit; the nearest is 4.');
  assert.equal(said('not-a-digit', { ...refused, confidence: 0.12 }), 'That does not look like a digit.');
});

test('of a number the digit in doubt is told, by its place', () => {
  assert.equal(said('unsure', clear, four, clear), 'The 2nd digit: 4 or 9? 50 % sure');
  assert.equal(said('unsure', clear, clear, { ...refused, confidence: 0.1 }), 'The 3rd may be no digit.');
  assert.equal(said('not-a-digit', refused, refused), 'That does not look like a number.');
  assert.equal(said('sure', clear, clear), '98 % sure');
});

test('no digit leads among the bars of what is near none', () => {
  assert.ok(namesADigit(four));
  assert.ok(namesADigit(refused));
  assert.ok(!namesADigit({ ...refused, confidence: 0.12 }));
});

test('an error speaks for itself', () => {
  const error = new Error('The server is away.');
  assert.equal(messageFor('error', { reading: null, error, invitation: '' }), 'The server is away.');
});

test('every state has words', () => {
  for (const state of ['empty', 'drawing', 'pending', 'sure', 'not-a-digit']) assert.match(said(state, four), /\w/);
});

test('nothing uncertain is shown as 100 %', () => {
  assert.equal(percent(0.99999), 'over 99.9 %');
  assert.equal(percent(0.954), '95.4 %');
  assert.equal(percent(1), '100 %');
  assert.equal(shortPercent(0.9999), '>99%');
  assert.equal(shortPercent(0.4), '40%');
});
