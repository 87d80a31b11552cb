// What explains an answer, in JavaScript, held to the same golden cases as in Python.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { occluded, relevance } from '../../web/occlusion.js';

const cases = JSON.parse(readFileSync(new URL('../golden/occlusion.json', import.meta.url), 'utf8'));
const pixels = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

function answerOf(probabilities) {
  return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
}

for (const golden of cases) {
  test(`golden case: ${golden.name}`, () => {
    const image = pixels(golden.image);
    const { windows, images } = occluded(image);
    assert.deepEqual(windows, golden.windows);
    const hash = createHash('sha256');
    for (const blanked of images) hash.update(blanked);
    assert.equal(hash.digest('hex'), golden.images_sha256);
    const [answer, ...answers] = golden.probabilities.map(answerOf);
    const found = relevance(image, windows, answer, answers);
    assert.equal(found.length, 784);
    found.forEach((value, place) => {
      const expected = golden.relevance[place];
      assert.ok(Math.abs(value - expected) <= 1e-5 * Math.max(1, Math.abs(expected)), `${value}, not ${expected}`);
    });
  });
}

test('there are golden cases, with certainty and its opposite among them', () => {
  assert.ok(cases.length >= 6);
  const all = cases.flatMap(({ probabilities }) => probabilities.flat());
  assert.ok(all.includes(0) && all.includes(1));
});

test('an image without ink has no windows, and no relevance whatever its answer', () => {
  const image = new Uint8Array(784);
  const { windows, images } = occluded(image);
  assert.deepEqual([windows, images], [[], []]);
  const answer = { digit: null, probabilities: new Array(10).fill(0.1) };
  assert.deepEqual(relevance(image, windows, answer, []), new Array(784).fill(0));
});

test('the image itself stays as it is', () => {
  const image = pixels(cases.at(-1).image);
  occluded(image);
  assert.deepEqual(image, pixels(cases.at(-1).image));
});
