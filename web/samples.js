// Digits to try the page with, as a pen would write them. No DOM.
//
// A form is strokes between bars, each a row of points x,y in hundredths of the pad, y down. The pen goes smoothly
// through the points and turns sharply where one is written twice; a stroke that ends where it began is closed.

import { curves, mix } from './spline.js';

const STEPS = 10; // points of the path from one point of a form to the next: no corner shows on a large screen

const FORMS = [
  [
    '53,19 42,22 34,36 31,53 35,71 45,81 57,80 66,68 69,49 65,31 56,20 45,21',
    '54,20 42,22 34,37 32,53 36,71 46,81 57,79 66,66 68,48 64,30 54,20 | 68,18 51,48 33,82', // slashed
    '57,18 47,24 39,42 36,62 42,78 52,82 61,70 66,48 63,26 57,18',
  ],
  [
    '53,17 51,40 50,62 48,83',
    '36,37 45,29 53,18 53,18 52,50 52,81 | 37,82 52,81 67,82', // up-stroke and foot
    '36,39 46,30 55,17 55,17 53,50 51,83',
  ],
  [
    '33,34 38,23 50,18 62,23 65,35 58,50 45,66 32,81 32,81 50,79 69,80',
    '33,31 41,20 53,18 63,26 63,41 53,59 40,75 33,79 31,73 39,70 51,76 62,80 71,77', // looped
    '34,29 43,19 56,18 65,29 61,44 49,61 33,80 33,80 42,76 53,79 62,81 70,77', // waved base
  ],
  [
    '34,26 44,18 57,19 63,30 57,42 45,48 45,48 59,51 67,63 62,77 48,83 33,77',
    '35,20 50,20 64,19 64,19 55,33 47,44 47,44 60,48 67,61 61,77 47,83 33,77', // flat top
    '35,25 46,18 58,21 61,33 53,44 43,48 42,44 49,45 61,52 66,66 58,79 44,83 32,76', // looped waist
  ],
  [
    '41,18 38,35 32,55 32,55 49,54 69,52 | 58,36 57,60 55,83', // open
    '57,18 44,39 30,61 30,61 49,60 70,59 | 57,18 57,50 56,83', // closed
    '39,19 35,37 35,50 42,55 53,53 65,49 | 63,20 61,50 59,83', // open, rounded
  ],
  [
    '38,20 37,33 35,46 35,46 48,42 61,47 66,61 60,76 47,83 33,77 | 38,20 52,20 66,18',
    '65,19 52,19 39,20 39,20 37,32 35,44 35,44 49,41 62,48 66,62 60,76 47,83 34,78', // without a lift
    '64,19 50,19 41,22 37,33 41,43 53,47 63,55 65,68 57,79 44,83 33,77', // soft
  ],
  [
    '61,18 49,26 38,43 33,61 36,75 47,83 60,79 66,67 60,56 48,53 37,61 34,69',
    '55,17 44,36 35,56 34,72 43,82 56,81 64,70 59,58 47,55 36,63', // straight
    '65,25 57,18 46,24 37,42 33,62 38,77 49,83 61,77 65,64 58,54 46,54 35,64', // curled top
  ],
  [
    '33,21 48,20 66,20 66,20 55,42 47,62 43,83',
    '33,21 48,20 66,19 66,19 55,42 48,62 44,83 | 38,52 51,50 64,49', // barred
    '33,28 35,20 47,22 58,23 67,19 67,19 56,40 48,61 45,83', // waved top
  ],
  [
    '61,27 52,18 40,21 37,32 45,43 57,52 65,65 60,78 48,83 36,77 34,64 43,52 55,43 62,34 61,27',
    '51,18 40,22 37,33 43,44 51,47 60,42 63,31 59,21 51,18 | 51,47 38,54 33,67 39,80 50,83 62,78 66,66 61,53 51,47',
    '59,20 49,18 41,21 37,31 44,42 57,53 65,67 58,80 46,83 36,75 38,62 50,49 61,37 68,20', // open at the top
  ],
  [
    '62,30 56,20 45,18 36,26 35,39 44,48 56,43 63,31 64,20 64,20 62,50 60,83', // straight leg
    '63,28 56,19 45,18 36,26 35,39 43,48 54,45 62,36 65,26 66,45 62,67 53,80 41,82 34,75', // curved leg
    '61,28 54,19 43,20 36,31 39,43 50,46 59,38 63,22 63,22 57,52 48,83', // leaning leg
  ],
];

/**
 * A sample drawing of a digit.
 *
 * @param {number} digit 0 to 9
 * @param {number} turn 0, 1, …: which of its forms; after the last comes the first again
 * @returns {{x: number, y: number}[][]} strokes in units of the pad's width, y down
 */
export function sample(digit, turn) {
  const forms = FORMS[digit];
  return forms[turn % forms.length].split('|').map((stroke) => trace(stroke.trim().split(' ').map(parse)));
}

function parse(word) {
  const [x, y] = word.split(',').map((hundredths) => hundredths / 100);
  return { x, y };
}

/** The path through a stroke's points: from corner to corner, smooth in between. */
function trace(points) {
  const isCorner = (i) => i > 0 && isSame(points[i], points[i - 1]);
  const cuts = [0, ...[...points.keys()].filter(isCorner), points.length];
  const path = cuts.slice(1).flatMap((end, i) => smooth(points.slice(cuts[i], end)));
  return [...path, points.at(-1)];
}

/** Points of the curve through some, without its last. */
function smooth(points) {
  const isClosed = isSame(points[0], points.at(-1));
  return curves(points, isClosed).flatMap(([first, second, end], i) =>
    Array.from({ length: STEPS }, (_, step) => along(points[i], first, second, end, step / STEPS)),
  );
}

/** The point of a cubic Bézier at a share of its time (de Casteljau). */
function along(start, first, second, end, share) {
  const [a, b, c] = [mix(start, first, share), mix(first, second, share), mix(second, end, share)];
  return mix(mix(a, b, share), mix(b, c, share), share);
}

function isSame(one, other) {
  return one.x === other.x && one.y === other.y;
}
