// The recipe: pen strokes -> the canonical 28×28 image, ink bright on 0, as MNIST's own images are made; picture.js
// does it for pictures.
//
// The same arithmetic as mnist_model/preprocessing.py, step by step; tests/golden holds both to the same cases, byte
// for byte. What each step is for is told there.

import { frame } from './geometry.js';
import { SIZE } from './images.js';

export const BOX = 20; // px, the longer side of the ink
const CENTRE = 14; // index of the pixel that the centre of mass falls into
const OVERSAMPLING = 10; // strokes are drawn at 280×280
const PEN = 24; // width of the pen at that size
const LEVELS = OVERSAMPLING * OVERSAMPLING; // a pixel is the count of its 10×10 inked samples
const CANVAS = SIZE * OVERSAMPLING;
const REACH = BOX * OVERSAMPLING - PEN; // the longer side of the path there: with the pen it fills the box

/**
 * Draw strokes anew in MNIST's frame.
 *
 * @param {{x: number, y: number}[][]} strokes in any unit, y down; a stroke of one point is a round dot
 * @returns {Uint8Array} 784 pixels, row by row; all 0 where there is no point
 */
export function imageFromStrokes(strokes) {
  const counts = centre(countsOf(strokes));
  // rounding half up in whole numbers
  return Uint8Array.from(counts, (count) => Math.floor((count * 255 * 2 + LEVELS) / (2 * LEVELS)));
}

/**
 * Where the image of strokes lies among them: the square that becomes the 28×28 pixels.
 *
 * @param {{x: number, y: number}[][]} strokes with a point at least
 * @returns {{left: number, top: number, side: number}} in the strokes' unit
 */
export function frameOfImage(strokes) {
  const { middleX, middleY, extent } = frame(strokes.flat());
  const { shiftX, shiftY } = shiftToCentre(countsOf(strokes));
  const pixel = ((extent || 1) * OVERSAMPLING) / REACH;
  const [left, top] = [middleX - (SIZE / 2 + shiftX) * pixel, middleY - (SIZE / 2 + shiftY) * pixel];
  return { left, top, side: SIZE * pixel };
}

/** How many of the 10×10 samples of each pixel strokes ink, drawn with their box in the middle. */
function countsOf(strokes) {
  const paths = strokes.filter((stroke) => stroke.length > 0);
  const ink = new Uint8Array(CANVAS * CANVAS);
  const { middleX, middleY, extent } = frame(paths.flat());
  const toCanvas = (value, middle) => ((value - middle) / (extent || 1)) * REACH + CANVAS / 2;
  for (const path of paths) {
    const points = path.map(({ x, y }) => [toCanvas(x, middleX), toCanvas(y, middleY)]);
    if (points.length === 1) points.push(points[0]);
    for (let i = 1; i < points.length; i += 1) drawSegment(ink, ...points[i - 1], ...points[i]);
  }
  return boxCounts(ink);
}

/** Ink every sample whose centre is within half a pen of the segment: round caps and joins. */
function drawSegment(ink, ax, ay, bx, by) {
  const radius = PEN / 2;
  const left = Math.max(Math.trunc(Math.min(ax, bx) - radius), 0);
  const right = Math.min(Math.trunc(Math.max(ax, bx) + radius) + 1, CANVAS);
  const top = Math.max(Math.trunc(Math.min(ay, by) - radius), 0);
  const bottom = Math.min(Math.trunc(Math.max(ay, by) + radius) + 1, CANVAS);
  const dx = bx - ax;
  const dy = by - ay;
  const lengthSquared = dx * dx + dy * dy;
  for (let row = top; row < bottom; row += 1) {
    const y = row + 0.5;
    for (let column = left; column < right; column += 1) {
      const x = column + 0.5;
      const projected = lengthSquared > 0 ? ((x - ax) * dx + (y - ay) * dy) / lengthSquared : 0;
      const along = Math.min(1, Math.max(0, projected));
      const offX = ax + along * dx - x;
      const offY = ay + along * dy - y;
      if (offX * offX + offY * offY <= radius * radius) ink[row * CANVAS + column] = 1;
    }
  }
}

/** How many of each pixel's 10×10 samples are inked. */
function boxCounts(ink) {
  const counts = new Int32Array(SIZE * SIZE);
  for (let row = 0; row < CANVAS; row += 1) {
    const firstPixel = Math.floor(row / OVERSAMPLING) * SIZE;
    for (let column = 0; column < CANVAS; column += 1) {
      counts[firstPixel + Math.floor(column / OVERSAMPLING)] += ink[row * CANVAS + column];
    }
  }
  return counts;
}

/**
 * Shift 28×28 whole numbers by whole pixels, so that the centre of mass falls into index 14 of both axes; zeros move
 * in. Nothing has no centre, and stays as it is.
 */
export function centre(counts) {
  const { shiftX, shiftY } = shiftToCentre(counts);
  const centred = new Int32Array(SIZE * SIZE);
  for (let row = 0; row < SIZE; row += 1) {
    for (let column = 0; column < SIZE; column += 1) {
      const [fromRow, fromColumn] = [row - shiftY, column - shiftX];
      if (fromRow < 0 || fromRow >= SIZE || fromColumn < 0 || fromColumn >= SIZE) continue;
      centred[row * SIZE + column] = counts[fromRow * SIZE + fromColumn];
    }
  }
  return centred;
}

function shiftToCentre(counts) {
  let [total, massX, massY] = [0, 0, 0];
  counts.forEach((count, i) => {
    total += count;
    massX += count * (i % SIZE);
    massY += count * Math.floor(i / SIZE);
  });
  if (total === 0) return { shiftX: 0, shiftY: 0 };
  return {
    shiftX: CENTRE - Math.floor((2 * massX + total) / (2 * total)),
    shiftY: CENTRE - Math.floor((2 * massY + total) / (2 * total)),
  };
}
