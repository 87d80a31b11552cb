// Reading numbers of several digits, left to right, from pen strokes.
//
// The same arithmetic as mnist_model/numbers.py, step by step; tests/golden holds both to the same cases. What each
// step and each constant is for is told there. The page draws each candidate, asks about all of them at once, and
// then picks the reading:
//
//   const groups = candidateGroups(strokes);
//   const answers = await recogniser.predict(groups.map((group) => imageFromStrokes(group.map((i) => strokes[i]))));
//   const number = bestReading(strokes, groups, answers).map((i) => answers[i].digit).join('');

const MAX_STROKES = 40; // of a number
const MAX_PIECES = 3; // of a digit: strokes, or bundles of strokes that no cut can part

// lengths in units of the number's height
const FAR = 0.25; // a wider gap always parts two digits
const WIDEST = 1.6; // of a digit of several pieces
const COVERED = 0.7; // share of a stroke's width that lies over another's, where no cut can part the two
const INSIDE = 0.25; // and how far within the other its middle lies at least, in the other's widths

// beside the logarithm of its confidence, a candidate's score has
const PER_DIGIT = 0.5;
const PER_GAP = 2.0; // times the width of the cut after it
const PER_HEIGHT = 0.6; // times the logarithm of its height
const OVERLAP = -0.3; // a deeper overlap counts no further
const LOWEST = 0.05; // confidence or height below which nothing gets worse
const TIE = 1e-9; // a score must be this much better

/**
 * Every run of neighbouring strokes that may be one digit.
 *
 * @param {{x: number, y: number}[][]} strokes in any unit, y down
 * @returns {number[][]} for each candidate the indices of its strokes, ascending; candidates are in the order of their
 *   first stroke from the left, the shorter before the longer. None where there is no point.
 * @throws {RangeError} more than MAX_STROKES strokes
 */
export function candidateGroups(strokes) {
  const line = lineUp(strokes);
  return runs(line).map(([first, last]) => line.order.slice(first, last + 1).sort((a, b) => a - b));
}

/**
 * The candidates, left to right, that cover all strokes with the highest score.
 *
 * Of two readings that score the same, the one whose last digit has more strokes is taken, then so on to the left.
 *
 * @param {{x: number, y: number}[][]} strokes as given to candidateGroups
 * @param {number[][]} groups what it returned
 * @param {{confidence: number}[]} answers the recogniser's, one a group
 * @returns {number[]} indices into `groups`
 */
export function bestReading(strokes, groups, answers) {
  const line = lineUp(strokes);
  const place = new Map(line.order.map((index, position) => [index, position]));
  const count = line.order.length;
  const scores = [0, ...Array(count).fill(-Infinity)]; // of the best reading of so many strokes from the left
  const chosen = []; // its last group
  const starts = []; // and where that begins
  groups.forEach((group, index) => {
    const positions = group.map((stroke) => place.get(stroke));
    const first = Math.min(...positions);
    const last = Math.max(...positions);
    const score = scores[first] + scoreOf(line, first, last, answers[index].confidence);
    if (score > scores[last + 1] + TIE) {
      scores[last + 1] = score;
      chosen[last + 1] = index;
      starts[last + 1] = first;
    }
  });
  const reading = [];
  for (let end = count; end > 0; end = starts[end]) reading.push(chosen[end]);
  return reading.reverse();
}

/** Sort strokes by their middles, and look at each cut between neighbours; see `_Line` in Python. */
function lineUp(strokes) {
  const own = strokes.map(boxOf);
  const order = [...own.keys()].filter((index) => strokes[index].length > 0);
  if (order.length > MAX_STROKES) {
    throw new RangeError(`That has ${order.length} strokes; a number may have ${MAX_STROKES}. Undo some, or clear.`);
  }
  order.sort((a, b) => own[a].left + own[a].right - (own[b].left + own[b].right)); // stable, as in Python
  const boxes = order.map((index) => own[index]);
  const height = boxes.reduce((tallest, { top, bottom }) => Math.max(tallest, bottom - top), 0);
  const cuts = boxes.slice(1).map((_, position) => position + 1);
  const gaps = cuts.map((cut) => around(boxes.slice(cut)).left - around(boxes.slice(0, cut)).right);
  const isBound = cuts.map((cut) =>
    boxes.slice(0, cut).some((box) => boxes.slice(cut).some((other) => belongTogether(box, other))),
  );
  return { order, boxes, height, gaps, isBound };
}

/** Whether the narrower of two strokes stands well within the other. */
function belongTogether(one, other) {
  const [narrow, wide] = one.right - one.left <= other.right - other.left ? [one, other] : [other, one];
  const overlap = Math.min(narrow.right, wide.right) - Math.max(narrow.left, wide.left);
  const middle = (narrow.left + narrow.right) / 2;
  const depth = Math.min(middle - wide.left, wide.right - middle);
  return overlap >= COVERED * (narrow.right - narrow.left) && depth >= INSIDE * (wide.right - wide.left);
}

/** First and last position of each run of strokes that may be one digit. */
function runs({ boxes, height, gaps, isBound }) {
  const found = [];
  for (let first = 0; first < boxes.length; first += 1) {
    if (first > 0 && isBound[first - 1]) continue;
    let pieces = 0;
    for (let last = first; last < boxes.length; last += 1) {
      if (last > first && gaps[last - 1] > FAR * height) break;
      if (isBound[last]) continue;
      pieces += 1;
      const { left, right } = around(boxes.slice(first, last + 1));
      if (pieces > 1 && (pieces > MAX_PIECES || right - left > WIDEST * height)) break;
      found.push([first, last]);
    }
  }
  return found;
}

/** How well a run of strokes does for a digit, with the cut that follows it. */
function scoreOf({ boxes, height, gaps }, first, last, confidence) {
  const { top, bottom } = around(boxes.slice(first, last + 1));
  const unit = height || 1; // a line of dots or level strokes has no height
  const share = height > 0 ? (bottom - top) / unit : 1;
  const score = Math.log(Math.max(confidence, LOWEST)) + PER_DIGIT + PER_HEIGHT * Math.log(Math.max(share, LOWEST));
  if (last + 1 === boxes.length) return score;
  return score + PER_GAP * Math.min(Math.max(gaps[last] / unit, OVERLAP), FAR);
}

/** The box around a stroke's points. */
function boxOf(points) {
  return around(points.map(({ x, y }) => ({ left: x, top: y, right: x, bottom: y })));
}

/** The box around boxes. */
function around(boxes) {
  const whole = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { left, top, right, bottom } of boxes) {
    whole.left = Math.min(whole.left, left);
    whole.top = Math.min(whole.top, top);
    whole.right = Math.max(whole.right, right);
    whole.bottom = Math.max(whole.bottom, bottom);
  }
  return whole;
}
