// Drawings as text.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { strokesOf, textOf } from '../../web/copy.js';

const at = (x, y) => ({ x, y });

test('what is copied is what the server takes, and read again it is the same drawing', () => {
  const strokes = [[at(0.1, 0.2), at(0.3, 0.4)], [at(0.5, 0.5)]];
  assert.equal(textOf(strokes), '{"strokes":[[[0.1,0.2],[0.3,0.4]],[[0.5,0.5]]]}');
  assert.deepEqual(strokesOf(textOf(strokes)), strokes);
});

for (const text of ['', 'seven', '7', 'null', '{}', '[[1]]']) {
  test(`any other text is none of its business: ${text || 'nothing'}`, () => assert.equal(strokesOf(text), null));
}

for (const strokes of ['[]', '[[]]', '[[[1, null]]]', '[[[1, 2, 3]]]', '[[["1", 2]]]', '[[[1e10, 0]]]', '{"a": 1}']) {
  test(`strokes that are no drawing are refused: ${strokes}`, () => {
    assert.throws(() => strokesOf(`{"strokes": ${strokes}}`), /should be lists of \[x, y\] points/);
  });
}

test('more points than the server takes are refused', () => {
  const stroke = Array.from({ length: 5001 }, (_, i) => [i, 0]);
  assert.throws(() => strokesOf(JSON.stringify({ strokes: [stroke] })), /5001 points; it may have 5000/);
  assert.equal(strokesOf(JSON.stringify({ strokes: [stroke.slice(1)] }))[0].length, 5000);
});
