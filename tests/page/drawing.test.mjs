// A drawing as vectors.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Drawing, frame } from '../../web/drawing.js';

const at = (x, y) => ({ x, y });

test('strokes are kept in order, point by point', () => {
  const drawing = new Drawing();
  drawing.begin(at(0, 0));
  drawing.extend([at(0.1, 0.2), at(0.3, 0.4)]);
  drawing.end();
  drawing.begin(at(0.5, 0.5));
  drawing.extend([at(0.9, 0.5)]);
  drawing.end();
  assert.deepEqual(drawing.strokes, [
    [at(0, 0), at(0.1, 0.2), at(0.3, 0.4)],
    [at(0.5, 0.5), at(0.9, 0.5)],
  ]);
});

test('a point that repeats the last one is not kept', () => {
  const drawing = new Drawing();
  drawing.begin(at(0, 0));
  drawing.extend([at(0, 0), at(0.5, 0), at(0.5, 0)]);
  assert.deepEqual(drawing.strokes, [[at(0, 0), at(0.5, 0)]]);
});

test('a tap with a trembling finger becomes a dot', () => {
  const drawing = new Drawing();
  drawing.begin(at(0.5, 0.5));
  drawing.extend([at(0.502, 0.501), at(0.503, 0.5)]);
  drawing.end();
  assert.deepEqual(drawing.strokes, [[at(0.5, 0.5)]]);
});

test('undo removes the last stroke, clear removes all, and nothing to undo is no error', () => {
  const drawing = new Drawing();
  for (const x of [0.1, 0.5]) {
    drawing.begin(at(x, 0));
    drawing.extend([at(x, 1)]);
    drawing.end();
  }
  drawing.undo();
  assert.equal(drawing.strokes.length, 1);
  drawing.clear();
  assert.ok(drawing.isEmpty);
  drawing.undo();
  assert.ok(drawing.isEmpty);
});

test('every change of the ink is a new version', () => {
  const drawing = new Drawing();
  const versions = [drawing.version];
  const changes = [
    () => drawing.begin(at(0, 0)),
    () => drawing.extend([at(1, 1)]),
    () => drawing.end(),
    () => drawing.undo(),
    () => drawing.clear(),
  ];
  for (const change of changes) {
    change();
    versions.push(drawing.version);
  }
  assert.equal(new Set(versions).size, versions.length);
});

test('the frame of a stroke has its middle and its longer side, however many points it has', () => {
  assert.deepEqual(frame([at(0, 0), at(0.25, 0.75)]), { middleX: 0.125, middleY: 0.375, extent: 0.75 });
  assert.equal(frame(Array.from({ length: 300_000 }, (_, i) => at(i, 0))).extent, 299_999);
});
