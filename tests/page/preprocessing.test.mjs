// The recipe in JavaScript, held to the same golden cases as the recipe in Python.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { frameOfImage, imageFromStrokes } from '../../web/preprocessing.js';

const cases = JSON.parse(readFileSync(new URL('../golden/strokes.json', import.meta.url), 'utf8'));

for (const { name, strokes, image } of cases) {
  test(`golden case: ${name}`, () => {
    const drawn = imageFromStrokes(strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y }))));
    assert.equal(Buffer.from(drawn).toString('hex'), image);
  });
}

test('there are golden cases', () => assert.ok(cases.length >= 16));

test('500 strokes are drawn in a moment', () => {
  const strokes = Array.from({ length: 500 }, (_, i) =>
    Array.from({ length: 20 }, (_, j) => ({ x: Math.sin(i) + j / 20, y: Math.cos(i) + j / 30 })),
  );
  const start = performance.now();
  const image = imageFromStrokes(strokes);
  assert.ok(image.some((value) => value > 0));
  assert.ok(performance.now() - start < 1000);
});

test('the frame of the image is where its ink is among the strokes', () => {
  for (const { strokes } of cases.filter(({ image }) => /[^0]/.test(image))) {
    const drawn = strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y })));
    const { left, top, side } = frameOfImage(drawn);
    const image = imageFromStrokes(drawn);
    for (const { x, y } of drawn.flat()) {
      const [column, row] = [((x - left) / side) * 28, ((y - top) / side) * 28].map(Math.floor);
      if (column < 0 || column > 27 || row < 0 || row > 27) continue; // shifted out of the image
      assert.ok(image[row * 28 + column] > 0);
    }
  }
});
