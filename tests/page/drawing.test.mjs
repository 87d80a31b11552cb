// A drawing as vectors.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Drawing } from '../../web/drawing.js';

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

/** Draw upright lines, one at each x. */
function lines(drawing, ...xs) {
  for (const x of xs) {
    drawing.begin(at(x, 0));
    drawing.extend([at(x, 1)]);
    drawing.end();
  }
}

/** Where the drawing's lines are. */
const places = (drawing) => drawing.strokes.map(([{ x }]) => x);

test('undo takes back stroke by stroke, and redo does them again', () => {
  const drawing = new Drawing();
  assert.ok(!drawing.canUndo && !drawing.canRedo);
  lines(drawing, 0.1, 0.5);
  drawing.undo();
  assert.deepEqual(places(drawing), [0.1]);
  drawing.undo();
  assert.ok(drawing.isEmpty && !drawing.canUndo);
  drawing.redo();
  drawing.redo();
  assert.deepEqual(places(drawing), [0.1, 0.5]);
  assert.ok(!drawing.canRedo);
});

test('nothing to undo and nothing to redo is no error', () => {
  const drawing = new Drawing();
  drawing.undo();
  drawing.redo();
  assert.ok(drawing.isEmpty);
});

test('a stroke after an undo leaves nothing to redo', () => {
  const drawing = new Drawing();
  lines(drawing, 0.1, 0.5);
  drawing.undo();
  lines(drawing, 0.9);
  assert.ok(!drawing.canRedo);
  assert.deepEqual(places(drawing), [0.1, 0.9]);
});

test('undo brings back what was cleared, and clearing an empty pad is no step', () => {
  const drawing = new Drawing();
  drawing.clear();
  assert.ok(!drawing.canUndo);
  lines(drawing, 0.1, 0.5);
  drawing.clear();
  assert.ok(drawing.isEmpty);
  drawing.undo();
  assert.deepEqual(places(drawing), [0.1, 0.5]);
});

test('500 strokes can be undone one by one', () => {
  const drawing = new Drawing();
  lines(drawing, ...Array.from({ length: 500 }, (_, i) => i / 500));
  while (drawing.canUndo) drawing.undo();
  assert.ok(drawing.isEmpty);
});

test('a stroke that is discarded can be neither undone nor redone', () => {
  const drawing = new Drawing();
  lines(drawing, 0.1);
  drawing.begin(at(0.5, 0));
  drawing.discard();
  assert.deepEqual(places(drawing), [0.1]);
  assert.ok(!drawing.canRedo);
  drawing.undo();
  assert.ok(drawing.isEmpty);
});

test('a picture takes the place of strokes, and a stroke that of a picture; undo goes back through both', () => {
  const drawing = new Drawing();
  lines(drawing, 0.1);
  const picture = new Uint8Array(784).fill(9);
  drawing.replace({ picture });
  assert.deepEqual([drawing.strokes, drawing.picture, drawing.isEmpty], [[], picture, false]);
  lines(drawing, 0.5);
  assert.deepEqual([places(drawing), drawing.picture], [[0.5], null]);
  drawing.undo();
  assert.equal(drawing.picture, picture);
  drawing.undo();
  assert.deepEqual(places(drawing), [0.1]);
});

test('a piece is one drawing: more strokes belong to it, a cleared pad begins another, undo goes back to it', () => {
  const drawing = new Drawing();
  lines(drawing, 0.1);
  const first = drawing.piece;
  lines(drawing, 0.2);
  assert.equal(drawing.piece, first);
  drawing.clear();
  lines(drawing, 0.3);
  assert.notEqual(drawing.piece, first);
  drawing.undo();
  drawing.undo();
  assert.equal(drawing.piece, first);
  drawing.replace({ strokes: [[at(0, 0), at(1, 1)]], isMore: true });
  assert.equal(drawing.piece, first);
  drawing.replace({ strokes: [[at(0, 0), at(1, 1)]] });
  assert.notEqual(drawing.piece, first);
});

test('every change of the ink is a new version', () => {
  const drawing = new Drawing();
  const versions = [drawing.version];
  const changes = [
    () => drawing.begin(at(0, 0)),
    () => drawing.extend([at(1, 1)]),
    () => drawing.end(),
    () => drawing.undo(),
    () => drawing.redo(),
    () => drawing.clear(),
    () => drawing.replace({ picture: new Uint8Array(784) }),
  ];
  for (const change of changes) {
    change();
    versions.push(drawing.version);
  }
  assert.equal(new Set(versions).size, versions.length);
});
