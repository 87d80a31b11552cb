// Which ink decided: a part of the image is blanked at a time, to see how the answer changes (Zeiler and Fergus, 2014).
//
// The same arithmetic as mnist_model/explanation.py, where each number's reason is told; tests/golden holds both to the
// same cases. It needs answers alone, so it explains whoever gave them. No DOM.

import { SIZE } from './images.js';

const WINDOW = 5; // px, the side of what is blanked
const STRIDE = 2; // px from one window to the next
const CERTAIN = 1e-6; // probabilities are taken to be this far from 0 and 1 at least

/**
 * Blank one window after another of an image.
 *
 * @param {Uint8Array} image 784 pixels, ink bright on 0
 * @returns {{windows: [number, number][], images: Uint8Array[]}} row and column of the upper left corner of each window
 *   that holds ink, below 0 for one that begins outside; and the image without the ink of each
 */
export function occluded(image) {
  const windows = [];
  const images = [];
  for (let top = 1 - WINDOW; top < SIZE; top += STRIDE) {
    for (let left = 1 - WINDOW; left < SIZE; left += STRIDE) {
      const places = within(top, left);
      if (!places.some((place) => image[place] > 0)) continue;
      const blanked = image.slice();
      for (const place of places) blanked[place] = 0;
      windows.push([top, left]);
      images.push(blanked);
    }
  }
  return { windows, images };
}

/**
 * How much the ink at each pixel spoke for the likeliest digit of the whole image.
 *
 * @param {Uint8Array} image 784 pixels
 * @param {[number, number][]} windows of `occluded`
 * @param {{digit: number|null, probabilities: number[]}} answer for the image
 * @param {{probabilities: number[]}[]} answers for the image without each window, in order
 * @returns {number[]} 784, in nats: positive where the ink spoke for the digit, negative where against it, 0 where there
 *   is none
 */
export function relevance(image, windows, answer, answers) {
  const sums = new Float64Array(SIZE * SIZE);
  const counts = new Float64Array(SIZE * SIZE);
  windows.forEach(([top, left], index) => {
    const fall = logOdds(answer.probabilities[answer.digit]) - logOdds(answers[index].probabilities[answer.digit]);
    for (const place of within(top, left)) {
      sums[place] += fall;
      counts[place] += 1;
    }
  });
  return Array.from(image, (ink, place) => (ink > 0 ? sums[place] / counts[place] : 0));
}

/** The indices of the pixels that lie in a window. */
function within(top, left) {
  const places = [];
  for (let row = Math.max(top, 0); row < Math.min(top + WINDOW, SIZE); row += 1) {
    for (let column = Math.max(left, 0); column < Math.min(left + WINDOW, SIZE); column += 1) {
      places.push(row * SIZE + column);
    }
  }
  return places;
}

function logOdds(probability) {
  const clipped = Math.min(1 - CERTAIN, Math.max(CERTAIN, probability));
  return Math.log(clipped / (1 - clipped));
}
