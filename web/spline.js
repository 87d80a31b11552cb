// Smooth curves through points: a centripetal Catmull-Rom spline (Barry and Goldman, 1988), which makes no loops. No DOM.

/**
 * The curve through points, as cubic Béziers.
 *
 * @param {{x: number, y: number}[]} points two at least, no two neighbours alike
 * @param {boolean} isClosed whether the last point, which is the first again, is passed smoothly
 * @returns {{x: number, y: number}[][]} for each point but the first: two handles, and the point
 */
export function curves(points, isClosed = false) {
  // Beyond an end the curve runs out straight, to the mirror image of the second point.
  const before = isClosed ? points.at(-2) : mix(points[1], points[0], 2);
  const after = isClosed ? points[1] : mix(points.at(-2), points.at(-1), 2);
  const all = [before, ...points, after];
  return points.slice(1).map((_, i) => curve(...all.slice(i, i + 4)));
}

/** The part of the spline from b to c. */
function curve(a, b, c, d) {
  const [ab, bc, cd] = [knot(a, b), knot(b, c), knot(c, d)];
  const handle = (axis) => [
    b[axis] + (((b[axis] - a[axis]) / ab - (c[axis] - a[axis]) / (ab + bc) + (c[axis] - b[axis]) / bc) * bc) / 3,
    c[axis] - (((c[axis] - b[axis]) / bc - (d[axis] - b[axis]) / (bc + cd) + (d[axis] - c[axis]) / cd) * bc) / 3,
  ];
  const [xs, ys] = [handle('x'), handle('y')];
  return [{ x: xs[0], y: ys[0] }, { x: xs[1], y: ys[1] }, c];
}

/** The spline's time between two points: the root of their distance. */
function knot(from, to) {
  return Math.sqrt(Math.hypot(to.x - from.x, to.y - from.y));
}

/** The point at a share of the way from one to another; beyond them where the share is outside 0 to 1. */
export function mix(from, to, share) {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
