// The recipe for pictures: pixels -> the canonical 28×28 image, ink bright on 0, as MNIST's own images are made.
//
// The same arithmetic as `from_picture` in mnist_model/preprocessing.py, step by step, with what Pillow does there
// (grey, transparency, reduction) written out; tests/golden holds both to the same cases, byte for byte. What each step
// is for is told there. No DOM: load-picture.js decodes files.

import { SIZE } from './images.js';
import { BOX, centre } from './preprocessing.js';

const WORKING_SIDE = 1000; // px; larger pictures are averaged down to at most about twice this first
const MIN_CONTRAST = 16; // grey levels out of 255 between paper and ink; below that there is no ink
const NOISE_DEVIATIONS = 4; // a pixel this far from the paper's level is ink
const FAINT = 0.08; // share of the ink's full level below which JPEG's ringing, not ink, is seen
const HALF = 0.5 + 1e-9; // rounds half up, also where a sum fell short of the half by a rounding error

/**
 * Bring a picture of one digit, dark on light or light on dark, into MNIST's frame.
 *
 * @param {{width: number, height: number, data: Uint8ClampedArray|Uint8Array}} picture as canvas ImageData: bytes of
 *   red, green, blue and alpha, row by row, colour not multiplied by alpha
 * @returns {Uint8Array} 784 pixels, row by row; all 0 where the picture shows nothing but paper
 */
export function imageFromPicture(picture) {
  const ink = withoutSpecks(separateInk(flatten(workable(greyAndAlpha(picture)))));
  const box = inkedBox(ink);
  if (box === null) return new Uint8Array(SIZE * SIZE);
  const scale = BOX / Math.max(box.width, box.height);
  const [width, height] = [box.width, box.height].map((side) => Math.max(1, Math.floor(side * scale + 0.5)));
  const mean = areaMean(ink, box, width, height);
  const image = new Int32Array(SIZE * SIZE);
  const [left, top] = [width, height].map((side) => Math.floor((SIZE - side) / 2));
  mean.forEach((value, i) => {
    image[(top + Math.floor(i / width)) * SIZE + left + (i % width)] = Math.floor(value * 255 + HALF);
  });
  return Uint8Array.from(centre(image));
}

/** Luminance (ITU-R 601-2) and alpha, each a plane of bytes. */
function greyAndAlpha({ width, height, data }) {
  const [grey, alpha] = [new Uint8Array(width * height), new Uint8Array(width * height)];
  for (let i = 0, byte = 0; i < grey.length; i += 1, byte += 4) {
    grey[i] = (data[byte] * 19595 + data[byte + 1] * 38470 + data[byte + 2] * 7471 + 0x8000) >> 16;
    alpha[i] = data[byte + 3];
  }
  return { width, height, grey, alpha };
}

/** The same, averaged over squares where it is large; transparent pixels do not count. */
function workable({ width, height, grey, alpha }) {
  const factor = Math.floor(Math.max(width, height) / WORKING_SIDE);
  if (factor <= 1) return { width, height, grey, alpha };
  const weighted = new Uint8Array(grey.length);
  for (let i = 0; i < grey.length; i += 1) {
    const product = grey[i] * alpha[i] + 128;
    weighted[i] = ((product >> 8) + product) >> 8; // product / 255, rounded
  }
  const reducedAlpha = reduce(alpha, width, height, factor);
  const reducedGrey = reduce(weighted, width, height, factor).map((level, i) =>
    reducedAlpha[i] === 0 ? level : Math.min(255, Math.floor((255 * level) / reducedAlpha[i])),
  );
  const [newWidth, newHeight] = [width, height].map((side) => Math.ceil(side / factor));
  return { width: newWidth, height: newHeight, grey: reducedGrey, alpha: reducedAlpha };
}

/** The mean of every square of `factor` pixels; what is left at the right and below makes smaller ones. */
function reduce(plane, width, height, factor) {
  const reduced = new Uint8Array(Math.ceil(width / factor) * Math.ceil(height / factor));
  let i = 0;
  for (let top = 0; top < height; top += factor) {
    const bottom = Math.min(top + factor, height);
    for (let left = 0; left < width; left += factor) {
      const right = Math.min(left + factor, width);
      const count = (bottom - top) * (right - left);
      let sum = count >> 1;
      for (let row = top; row < bottom; row += 1) {
        for (let column = left; column < right; column += 1) sum += plane[row * width + column];
      }
      reduced[i] = (sum * Math.floor(2 ** 24 / count)) / 2 ** 24; // the reciprocal in fixed point, as Pillow has it
      i += 1;
    }
  }
  return reduced;
}

/**
 * Lay a transparent picture on paper that its ink stands out from: white, or black under light ink. The levels are
 * whole 255ths of a grey level, so that nothing is rounded.
 */
function flatten({ width, height, grey, alpha }) {
  let [least, opaque, light] = [255, 0, 0];
  for (let i = 0; i < grey.length; i += 1) {
    least = Math.min(least, alpha[i]);
    opaque += alpha[i];
    light += grey[i] * alpha[i];
  }
  const paper = least < 255 && light > 127.5 * opaque ? 0 : 255;
  const levels = new Uint16Array(grey.length);
  for (let i = 0; i < grey.length; i += 1) levels[i] = grey[i] * alpha[i] + paper * (255 - alpha[i]);
  return { width, height, levels };
}

/** Levels of either polarity -> ink, 1 at its full level, 0 on paper; all 0 where there is no contrast. */
function separateInk({ width, height, levels }) {
  const counts = new Uint32Array(255 * 255 + 1);
  for (const level of levels) counts[level] += 1;
  const inkOfLevel = inkOfLevels(counts, (threshold) => brightBorder(levels, width, height, threshold) > 0.5);
  const ink = new Float64Array(levels.length);
  for (let i = 0; i < ink.length; i += 1) ink[i] = inkOfLevel[levels[i]];
  return { width, height, ink };
}

/**
 * How much ink each level is.
 *
 * @param {Uint32Array} counts of pixels, by level in 255ths
 * @param {(threshold: number) => boolean} isPaperBright whether most of the border is above a grey level
 */
function inkOfLevels(counts, isPaperBright) {
  const inkOfLevel = new Float64Array(counts.length);
  const present = [...counts.keys()].filter((level) => counts[level] > 0);
  let greys = present.map((level) => ({ level, value: level / 255, count: counts[level] }));
  if (greys.at(-1).value - greys[0].value < MIN_CONTRAST) return inkOfLevel;
  let threshold = otsu(greys);
  if (isPaperBright(threshold)) {
    greys = greys.map((grey) => ({ ...grey, value: 255 - grey.value }));
    threshold = 255 - threshold;
  }
  const paper = greys.filter(({ value }) => value <= threshold);
  const drawn = greys.filter(({ value }) => value > threshold);
  if (paper.length === 0 || drawn.length === 0) return inkOfLevel; // transparency put all between two whole levels
  const [paperLevel, inkLevel] = [median(paper), median(drawn)];
  const deviations = paper.map(({ value, count }) => ({ value: Math.abs(value - paperLevel), count }));
  const noise = 1.4826 * median(deviations);
  const floor = Math.min(0.5, Math.max(FAINT, (NOISE_DEVIATIONS * noise) / (inkLevel - paperLevel)));
  for (const { level, value } of greys) {
    const ink = Math.min(1, (value - paperLevel) / (inkLevel - paperLevel));
    inkOfLevel[level] = ink >= floor ? ink : 0;
  }
  return inkOfLevel;
}

/** The share of the border that is brighter than the threshold; the corners belong to the first and last row. */
function brightBorder(levels, width, height, threshold) {
  let [bright, length] = [0, 0];
  const look = (row, column) => {
    bright += levels[row * width + column] / 255 > threshold;
    length += 1;
  };
  for (const row of [0, height - 1]) {
    for (let column = 0; column < width; column += 1) look(row, column);
  }
  for (const column of [0, width - 1]) {
    for (let row = 1; row < height - 1; row += 1) look(row, column);
  }
  return bright / length;
}

/** The threshold that best splits the grey levels into two classes (Otsu, 1979). */
function otsu(greys) {
  const histogram = new Float64Array(256);
  for (const { value, count } of greys) histogram[Math.floor(value)] += count;
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const totalMass = histogram.reduce((sum, count, level) => sum + count * level, 0);
  let [below, mass] = [0, 0];
  const between = histogram.map((count, level) => {
    below += count;
    mass += count * level;
    const above = total - below;
    if (below === 0 || above === 0) return 0;
    const difference = mass / below - (totalMass - mass) / above;
    return below * above * difference * difference;
  });
  const enough = Math.max(...between) * (1 - 1e-9);
  const isBest = (value) => value >= enough;
  return (between.findIndex(isBest) + between.findLastIndex(isBest)) / 2; // the middle of the gap between the classes
}

/** The median of values that occur `count` times each. */
function median(weighted) {
  const sorted = [...weighted].sort((one, other) => one.value - other.value);
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  const valueAt = (rank) => {
    let before = 0;
    return sorted.find(({ count }) => (before += count) > rank).value;
  };
  return (valueAt(Math.floor((total - 1) / 2)) + valueAt(Math.floor(total / 2))) / 2;
}

/**
 * Blank what has fewer than two inked neighbours: grain and dither, of which a line of one pixel has none. Small
 * pictures are left alone: there a single pixel is a part of a digit.
 */
function withoutSpecks({ width, height, ink }) {
  if (Math.max(width, height) <= 2 * SIZE) return { width, height, ink };
  const kept = new Float64Array(ink.length);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const here = row * width + column;
      if (ink[here] === 0) continue;
      let around = 0; // itself included
      for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y += 1) {
        for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x += 1) {
          if (ink[y * width + x] > 0) around += 1;
        }
      }
      if (around >= 3) kept[here] = ink[here];
    }
  }
  return { width, height, ink: kept };
}

/** The box around all ink; null where there is none. */
function inkedBox({ width, height, ink }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      if (ink[row * width + column] === 0) continue;
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = row;
    }
  }
  return bottom < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The mean of the ink over the area of each of width×height output pixels, row by row; enlarges too. */
function areaMean({ width: stride, ink }, box, width, height) {
  const [rows, columns] = [areaWeights(box.height, height), areaWeights(box.width, width)];
  const mean = new Float64Array(width * height);
  rows.forEach((weights, row) => {
    const line = new Float64Array(box.width);
    for (const [y, weight] of weights) {
      const start = (box.top + y) * stride + box.left;
      for (let x = 0; x < box.width; x += 1) line[x] += weight * ink[start + x];
    }
    columns.forEach((across, column) => {
      mean[row * width + column] = across.reduce((sum, [x, weight]) => sum + weight * line[x], 0);
    });
  });
  return mean;
}

/** For each of `after` output pixels along one axis: [source pixel, weight] for those that it covers. */
function areaWeights(before, after) {
  const side = before / after;
  return Array.from({ length: after }, (_, i) => {
    const [start, end] = [i * side, (i + 1) * side];
    const weights = [];
    for (let cell = Math.floor(start); cell < Math.min(end, before); cell += 1) {
      weights.push([cell, (Math.min(end, cell + 1) - Math.max(start, cell)) * (after / before)]);
    }
    return weights;
  });
}
