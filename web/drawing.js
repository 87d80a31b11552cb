// A drawing as vectors: the truth that the canvas is a view of. Pure geometry, no DOM.
//
// Points are in units of the pad's width, so that a resized pad shows the same drawing.

const TAP = 0.008; // a stroke that stays within this share of the pad was a tap, whatever the hand trembled

/** Strokes in the order they were drawn; `version` changes with every change of the ink. */
export class Drawing {
  strokes = [];
  version = 0;

  get isEmpty() {
    return this.strokes.length === 0;
  }

  /** Begin a stroke at a point {x, y}. */
  begin(point) {
    this.strokes.push([point]);
    this.version += 1;
  }

  /** Extend the last stroke. */
  extend(points) {
    const stroke = this.strokes.at(-1);
    for (const point of points) {
      const last = stroke.at(-1);
      if (point.x !== last.x || point.y !== last.y) stroke.push(point);
    }
    this.version += 1;
  }

  /** Finish the last stroke: a tap becomes a dot, so that a trembling finger draws no line. */
  end() {
    const stroke = this.strokes.at(-1);
    if (frame(stroke).extent < TAP) stroke.length = 1;
    this.version += 1;
  }

  /** Remove the last stroke. */
  undo() {
    this.strokes.pop();
    this.version += 1;
  }

  /** Remove everything. */
  clear() {
    this.strokes = [];
    this.version += 1;
  }
}

/** The box around points: its middle, and its longer side. */
export function frame(points) {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    minX = Math.min(minX, x);
    maxX = Math.max(maxX, x);
    minY = Math.min(minY, y);
    maxY = Math.max(maxY, y);
  }
  return { middleX: (minX + maxX) / 2, middleY: (minY + maxY) / 2, extent: Math.max(maxX - minX, maxY - minY) };
}
