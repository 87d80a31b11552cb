// Reading numbers in JavaScript, held to the same golden cases as in Python.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { bestReading, candidateGroups } from '../../web/numbers.js';

const cases = JSON.parse(readFileSync(new URL('../golden/numbers.json', import.meta.url), 'utf8'));
const toPoints = (strokes) => strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y })));
const upright = (x) => [{ x, y: 0 }, { x, y: 1 }];

for (const { name, strokes, groups, readings } of cases) {
  test(`golden case: ${name}`, () => {
    const drawn = toPoints(strokes);
    assert.deepEqual(candidateGroups(drawn), groups);
    for (const { confidences, reading } of readings) {
      const answers = confidences.map((confidence) => ({ confidence }));
      assert.deepEqual(bestReading(drawn, groups, answers), reading);
    }
  });
}

test('there are golden cases', () => assert.ok(cases.length >= 30));

test('a number of too many strokes is refused in words', () => {
  const strokes = Array.from({ length: 41 }, (_, i) => upright(i));
  assert.throws(() => candidateGroups(strokes), /RangeError: That has 41 strokes; a number may have 40/);
  assert.ok(candidateGroups([...strokes.slice(1), []]).length >= 40);
});

test('strokes are left as they were', () => {
  const strokes = [upright(3), upright(1), upright(2)];
  const before = structuredClone(strokes);
  const groups = candidateGroups(strokes);
  bestReading(strokes, groups, groups.map(() => ({ confidence: 0.9 })));
  assert.deepEqual(strokes, before);
});
