// How ink looks: smooth lines through a stroke's points, on a canvas whose unit is the pad's width.

import { SIZE } from './images.js';
import { curves } from './spline.js';

const PEN = 0.045; // the width of the visible pen, in pad heights; what is predicted has a width of its own
const SPACING = 0.02; // pad heights between the points that a visible line goes through

const CORNER = 1.2; // radians: a circle of six points turns by less

const paths = new WeakMap(); // stroke -> {length, unit, path}: most strokes are drawn again and again as they are

/**
 * Draw strokes, and leave the context with the unit of the pad's width.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}[][]} strokes in pad widths
 */
export function drawInk(context, strokes) {
  const { width, height } = context.canvas;
  context.setTransform(width, 0, 0, width, 0, 0);
  const unit = Math.min(1, height / width);
  context.lineWidth = PEN * unit;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const stroke of strokes) context.stroke(pathOf(stroke, unit));
}

function pathOf(stroke, unit) {
  const known = paths.get(stroke);
  if (known?.length === stroke.length && known.unit === unit) return known.path;
  const path = new Path2D();
  trace(path, spaced(stroke, SPACING * unit));
  paths.set(stroke, { length: stroke.length, unit, path });
  return path;
}

function trace(path, points) {
  path.moveTo(points[0].x, points[0].y);
  // A canvas shows nothing for a line of no length: a dot is a very short one, and round caps do the rest.
  if (points.length === 1) path.lineTo(points[0].x + 1e-5, points[0].y);
  for (const part of betweenCorners(points)) {
    for (const [first, second, end] of curves(part)) {
      path.bezierCurveTo(first.x, first.y, second.x, second.y, end.x, end.y);
    }
  }
}

/** The parts of a line from one sharp turn to the next, each with both its ends: the hand meant them. */
export function betweenCorners(points) {
  const isCorner = (i) => turn(points[i - 1], points[i], points[i + 1]) > CORNER;
  const cuts = [...points.keys()].slice(1, -1).filter(isCorner);
  return [0, ...cuts].map((cut, i) => points.slice(cut, (cuts[i] ?? points.length - 1) + 1)).filter((part) => part.length > 1);
}

/** By how many radians a line turns at a point. */
function turn(before, { x, y }, after) {
  const [ax, ay, bx, by] = [x - before.x, y - before.y, after.x - x, after.y - y];
  return Math.abs(Math.atan2(ax * by - ay * bx, ax * bx + ay * by));
}

/**
 * Enough of a stroke's points for a smooth curve: a slow hand trembles between them. The last is always there, so that
 * the ink ends where the pen is.
 */
export function spaced(points, spacing) {
  const kept = [points[0]];
  for (const point of points) if (distance(point, kept.at(-1)) >= spacing) kept.push(point);
  const last = points.at(-1);
  if (kept.length > 1 && distance(last, kept.at(-1)) < spacing) kept.pop();
  if (distance(last, kept.at(-1)) > 0) kept.push(last);
  return kept;
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/** A 28×28 canvas of one colour, as opaque as the image's ink. */
export function inkCanvas(image, colour) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext('2d');
  context.fillStyle = colour;
  context.fillRect(0, 0, SIZE, SIZE);
  const pixels = context.getImageData(0, 0, SIZE, SIZE);
  image.forEach((value, index) => {
    pixels.data[4 * index + 3] = value;
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
}
