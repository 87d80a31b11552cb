// Boxes around points. No DOM.

/** The box around points {x, y}: its middle, its width, and its longer side. */
export function frame(points) {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    minX = Math.min(minX, x);
    maxX = Math.max(maxX, x);
    minY = Math.min(minY, y);
    maxY = Math.max(maxY, y);
  }
  const width = maxX - minX;
  return { middleX: (minX + maxX) / 2, middleY: (minY + maxY) / 2, width, extent: Math.max(width, maxY - minY) };
}

const MARGIN = 0.1; // of the pad, around a drawing that has to be fitted into it

/**
 * Strokes as they are where they lie on the pad; else scaled and moved into it.
 *
 * @param {{x: number, y: number}[][]} strokes in any unit
 * @param {number} height of the pad, in its widths
 */
export function fitted(strokes, height) {
  const points = strokes.flat();
  if (points.every(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= height)) return strokes;
  const { middleX, middleY, extent } = frame(points);
  const scale = ((1 - 2 * MARGIN) * Math.min(1, height)) / (extent || 1);
  const place = ({ x, y }) => ({ x: (x - middleX) * scale + 0.5, y: (y - middleY) * scale + height / 2 });
  return strokes.map((stroke) => stroke.map(place));
}
