// Boxes around points.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fitted, frame } from '../../web/geometry.js';

const at = (x, y) => ({ x, y });

test('the frame of a stroke has its middle, its width and its longer side, however many points it has', () => {
  assert.deepEqual(frame([at(0, 0), at(0.25, 0.75)]), { middleX: 0.125, middleY: 0.375, width: 0.25, extent: 0.75 });
  assert.equal(frame(Array.from({ length: 300_000 }, (_, i) => at(i, 0))).extent, 299_999);
});

test('what lies on the pad stays as it is', () => {
  const strokes = [[at(0, 0), at(1, 0.3)]];
  assert.equal(fitted(strokes, 1 / 3), strokes);
});

test('a drawing in any unit is fitted into the pad, whatever its shape', () => {
  for (const height of [1, 1 / 3]) {
    const [[first, last]] = fitted([[at(100, 1000), at(300, 1100)]], height);
    for (const { x, y } of [first, last]) assert.ok(x > 0 && x < 1 && y > 0 && y < height);
    assert.ok(Math.abs((last.x - first.x) / (last.y - first.y) - 2) < 1e-9);
  }
});

test('a dot far away comes to the middle', () => {
  assert.deepEqual(fitted([[at(7, 7)]], 1), [[at(0.5, 0.5)]]);
});
