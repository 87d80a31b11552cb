// A drawing as vectors: the truth that the canvas is a view of. Pure geometry, no DOM.
//
// Points are in units of the pad's width, so that a resized pad shows the same drawing.

import { frame } from './geometry.js';

const TAP = 0.008; // a stroke that stays within this share of the pad was a tap, whatever the hand trembled
const MAX_STEPS = 500; // that can be undone

/**
 * Strokes in the order they were drawn, or the 784 pixels of a picture that was put in their place. `version` changes
 * with every change of the ink; `piece` numbers the drawings: it changes when one is begun on an empty pad or put there.
 */
export class Drawing {
  version = 0;
  #now = { strokes: [], picture: null, piece: 0 }; // never changed once a step is made, but for the stroke in progress
  #past = [];
  #future = [];
  #pieces = 0;

  get strokes() {
    return this.#now.strokes;
  }

  get picture() {
    return this.#now.picture;
  }

  get piece() {
    return this.#now.piece;
  }

  get isEmpty() {
    return this.strokes.length === 0 && this.picture === null;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Begin a stroke at a point {x, y}; it takes the place of a picture. */
  begin(point) {
    const piece = this.strokes.length > 0 ? this.piece : this.#newPiece();
    this.#step({ strokes: [...this.strokes, [point]], picture: null, piece });
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

  /** Take the last stroke back as if it had never been: it was no pen. */
  discard() {
    this.#now = this.#past.pop();
    this.version += 1;
  }

  /** Put a drawing there, in place of what there is, or as what comes of it where `isMore`. */
  replace({ strokes = [], picture = null, isMore = false }) {
    this.#step({ strokes, picture, piece: isMore ? this.piece : this.#newPiece() });
  }

  /** Remove everything; undo brings it back. */
  clear() {
    if (!this.isEmpty) this.#step({ strokes: [], picture: null, piece: this.piece });
  }

  /** Take back the last stroke, clearing or putting. */
  undo() {
    this.#travel(this.#past, this.#future);
  }

  /** Do again what was undone. */
  redo() {
    this.#travel(this.#future, this.#past);
  }

  #newPiece() {
    this.#pieces += 1;
    return this.#pieces;
  }

  #step(next) {
    this.#past.push(this.#now);
    if (this.#past.length > MAX_STEPS) this.#past.shift();
    this.#future = [];
    this.#now = next;
    this.version += 1;
  }

  #travel(from, to) {
    if (from.length === 0) return;
    to.push(this.#now);
    this.#now = from.pop();
    this.version += 1;
  }
}
