// Drawings as the text and JSON that the server takes too: {"strokes": [[[x, y], ...], ...]}. No DOM.

const MOST_POINTS = 5000; // of a drawing, as the server has it
const FARTHEST = 1e9; // a coordinate, as the server has it: far above, arithmetic loses the shape

/** Strokes of points {x, y} as lists of [x, y]. */
export function toPairs(strokes) {
  return strokes.map((stroke) => stroke.map(({ x, y }) => [x, y]));
}

/** Strokes of [x, y] as lists of points {x, y}. */
export function fromPairs(strokes) {
  return strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y })));
}

/** Whether a value is a drawing: strokes of [x, y], with a point each at least. */
export function areStrokes(value) {
  const isNumber = (number) => typeof number === 'number' && Math.abs(number) <= FARTHEST;
  const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(isNumber);
  const isStroke = (stroke) => Array.isArray(stroke) && stroke.length > 0 && stroke.every(isPoint);
  return Array.isArray(value) && value.length > 0 && value.every(isStroke);
}

/** The text for a drawing's strokes. */
export function textOf(strokes) {
  return JSON.stringify({ strokes: toPairs(strokes) });
}

/**
 * The strokes that a text holds, or null where it is no text of strokes.
 *
 * @param {string} text
 * @returns {{x: number, y: number}[][]|null} in any unit
 * @throws {Error} in words for people: it has strokes, but they are too many or no drawing
 */
export function strokesOf(text) {
  let strokes;
  try {
    ({ strokes } = JSON.parse(text));
  } catch {
    return null;
  }
  if (strokes === undefined) return null;
  if (!areStrokes(strokes)) throw new Error('That text has no drawing: its strokes should be lists of [x, y] points.');
  const points = strokes.flat().length;
  if (points > MOST_POINTS) throw new Error(`That drawing has ${points} points; it may have ${MOST_POINTS}.`);
  return fromPairs(strokes);
}
