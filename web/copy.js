// Drawings on the clipboard, as the text that the server takes too: {"strokes": [[[x, y], ...], ...]}.

import { frame } from './drawing.js';

const MARGIN = 0.1; // of the pad, around a drawing that has to be fitted into it

/** The text for a drawing's strokes. */
export function textOf(strokes) {
  return JSON.stringify({ strokes: strokes.map((stroke) => stroke.map(({ x, y }) => [x, y])) });
}

/**
 * The strokes that a text holds, or null where it holds none.
 *
 * @param {string} text
 * @param {number} height of the pad in its widths; what reaches beyond the pad is scaled and moved into it
 * @returns {{x: number, y: number}[][]|null}
 */
export function strokesOf(text, height) {
  let strokes;
  try {
    ({ strokes } = JSON.parse(text));
  } catch {
    return null;
  }
  const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  const isStroke = (stroke) => Array.isArray(stroke) && stroke.length > 0 && stroke.every(isPoint);
  if (!Array.isArray(strokes) || strokes.length === 0 || !strokes.every(isStroke)) return null;
  return fitted(
    strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y }))),
    height,
  );
}

function fitted(strokes, height) {
  const points = strokes.flat();
  if (points.every(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= height)) return strokes;
  const { middleX, middleY, extent } = frame(points);
  const scale = ((1 - 2 * MARGIN) * Math.min(1, height)) / (extent || 1);
  const place = ({ x, y }) => ({ x: (x - middleX) * scale + 0.5, y: (y - middleY) * scale + height / 2 });
  return strokes.map((stroke) => stroke.map(place));
}
