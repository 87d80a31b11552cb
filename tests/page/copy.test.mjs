// Drawings on the clipboard.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { strokesOf, textOf } from '../../web/copy.js';

const at = (x, y) => ({ x, y });

test('what is copied is what the server takes, and pasted it is the same drawing', () => {
  const strokes = [[at(0.1, 0.2), at(0.3, 0.4)], [at(0.5, 0.5)]];
  assert.equal(textOf(strokes), '{"strokes":[[[0.1,0.2],[0.3,0.4]],[[0.5,0.5]]]}');
  assert.deepEqual(strokesOf(textOf(strokes), 1), strokes);
});

test('a drawing in any unit is fitted into the pad, whatever its shape', () => {
  for (const height of [1, 1 / 3]) {
    const [[first, last]] = strokesOf('{"strokes": [[[100, 1000], [300, 1100]]]}', height);
    for (const { x, y } of [first, last]) assert.ok(x > 0 && x < 1 && y > 0 && y < height);
    assert.ok(Math.abs((last.x - first.x) / (last.y - first.y) - 2) < 1e-9);
  }
});

for (const text of ['', 'seven', '7', 'null', '{"strokes": []}', '{"strokes": [[]]}', '{"strokes": [[[1, null]]]}', '[[1]]']) {
  test(`no drawing: ${text || 'nothing'}`, () => assert.equal(strokesOf(text, 1), null));
}
