// The recipe for pictures in JavaScript, held to the same golden cases as the recipe in Python.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { imageFromPicture } from '../../web/picture.js';

const cases = JSON.parse(readFileSync(new URL('../golden/pixels.json', import.meta.url), 'utf8'));

/** A case's picture in full size; tests/golden/pixels.py builds it likewise. */
function build({ width, height, rgba, enlarge, grain }) {
  const small = Buffer.from(rgba, 'base64');
  const large = { width: width * enlarge, height: height * enlarge };
  const data = new Uint8ClampedArray(large.width * large.height * 4);
  for (let y = 0; y < large.height; y += 1) {
    for (let x = 0; x < large.width; x += 1) {
      const from = (Math.floor(y / enlarge) * width + Math.floor(x / enlarge)) * 4;
      const to = (y * large.width + x) * 4;
      const lighter = ((31 * x + 17 * y + x * y) % (2 * grain + 1)) - grain;
      for (let channel = 0; channel < 3; channel += 1) data[to + channel] = small[from + channel] + lighter;
      data[to + 3] = small[from + 3];
    }
  }
  return { ...large, data };
}

for (const { name, image, ...pixels } of cases) {
  test(`golden case: ${name}`, () => {
    assert.equal(Buffer.from(imageFromPicture(build(pixels))).toString('hex'), image);
  });
}

test('there are golden cases', () => assert.ok(cases.length >= 20));

test('a picture that is all of one colour has no ink', () => {
  const picture = { width: 300, height: 200, data: new Uint8ClampedArray(300 * 200 * 4).fill(255) };
  assert.deepEqual(imageFromPicture(picture), new Uint8Array(784));
});

test('a photograph of 12 megapixels is read within seconds, also on a slow machine', () => {
  const [width, height] = [4000, 3000];
  const pixels = new Uint32Array(width * height).fill(0xffe6e6e6);
  for (let y = 600; y < 2400; y += 1) pixels.fill(0xff282828, y * width + 1900, y * width + 2100);
  const data = new Uint8ClampedArray(pixels.buffer);
  const start = performance.now();
  assert.ok(imageFromPicture({ width, height, data }).some((value) => value === 255));
  assert.ok(performance.now() - start < 3000);
});
