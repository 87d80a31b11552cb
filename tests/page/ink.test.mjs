// Smooth lines through what the pen reported.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { betweenCorners, spaced } from '../../web/ink.js';
import { curves } from '../../web/spline.js';

const at = (x, y) => ({ x, y });
const circle = (count) =>
  Array.from({ length: count + 1 }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    return at(0.5 + 0.3 * Math.cos(angle), 0.5 + 0.3 * Math.sin(angle));
  });

/** How far a curve strays from the circle at most. */
function straying(points) {
  let [most, start] = [0, points[0]];
  for (const [first, second, end] of curves(points, true)) {
    for (let t = 0; t <= 1; t += 0.05) {
      const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
      const [x, y] = ['x', 'y'].map((axis) => a * start[axis] + b * first[axis] + c * second[axis] + d * end[axis]);
      most = Math.max(most, Math.abs(Math.hypot(x - 0.5, y - 0.5) - 0.3));
    }
    start = end;
  }
  return most;
}

test('a circle drawn so fast that eight points are reported is still round', () => {
  const corner = 0.3 * (1 - Math.cos(Math.PI / 8)); // how far straight lines stray
  assert.ok(straying(circle(8)) < corner / 4);
});

test('the curve goes through its points, and straight where they lie on a line', () => {
  const points = [at(0, 0), at(0.1, 0.2), at(0.4, 0.8)];
  const found = curves(points);
  assert.deepEqual(
    found.map(([, , end]) => end),
    points.slice(1),
  );
  for (const { x, y } of found.flat()) assert.ok(Math.abs(y - 2 * x) < 1e-12);
});

test('a sharp turn stays sharp, and a round one round', () => {
  const seven = [at(0.2, 0.2), at(0.5, 0.2), at(0.8, 0.2), at(0.6, 0.5), at(0.4, 0.8)];
  assert.deepEqual(betweenCorners(seven), [seven.slice(0, 3), seven.slice(2)]);
  assert.deepEqual(betweenCorners(circle(8)), [circle(8)]);
  assert.deepEqual(betweenCorners([at(0, 0)]), []);
});

test('points of a slow hand are thinned, the first and the last are kept', () => {
  const slow = Array.from({ length: 500 }, (_, i) => at(0.1 + i * 0.001, 0.5 + (i % 2) * 0.002));
  const kept = spaced(slow, 0.02);
  assert.ok(kept.length < 30);
  assert.deepEqual([kept[0], kept.at(-1)], [slow[0], slow.at(-1)]);
});

test('a dot stays a dot, and two close points a short line', () => {
  assert.deepEqual(spaced([at(0.5, 0.5)], 0.02), [at(0.5, 0.5)]);
  assert.deepEqual(spaced([at(0.5, 0.5), at(0.5, 0.5)], 0.02), [at(0.5, 0.5)]);
  assert.deepEqual(spaced([at(0.5, 0.5), at(0.501, 0.5)], 0.02), [at(0.5, 0.5), at(0.501, 0.5)]);
});

test('no two neighbours are alike, whatever comes', () => {
  const kept = spaced([at(0, 0), at(0, 0), at(0.5, 0), at(0.5, 0), at(0.505, 0), at(0.5, 0)], 0.02);
  kept.slice(1).forEach((point, i) => assert.notDeepEqual(point, kept[i]));
});
