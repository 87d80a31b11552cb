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
    if (extent(stroke) < TAP) stroke.length = 1;
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

/** The longer side of a stroke's bounding box. */
export function extent(points) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
}
