// Why: which ink decided, drawn over the pad, and in words.

import { setEnabled } from './controls.js';
import { SIZE } from './images.js';
import { drawInk, inkCanvas } from './ink.js';
import { frameOfImage } from './preprocessing.js';

const SETTLED_MS = 120; // a drawing that has not changed for so long is explained
const MOST = 8; // images in one question, as the server allows
const SHARE = 0.55; // of what speaks for a digit: the parts that make it up are named
const AGAINST = 0.2; // what speaks against it is named from this share of that on
const PLACES = [
  ['at the top left', 'at the top', 'at the top right'],
  ['on the left', 'in the middle', 'on the right'],
  ['at the bottom left', 'at the bottom', 'at the bottom right'],
];

/** The button, its words, and the heat over the pad. */
export class Why {
  #parts;
  #invitation;
  #reading = null; // what is shown or being explained
  #predictor = null;
  #answers = null; // for its digits, once they are there
  #asking = null; // AbortController
  #timer = null;

  /** @param {{button: HTMLElement, words: HTMLElement, canvas: HTMLCanvasElement, pad: HTMLCanvasElement}} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#invitation = parts.words.textContent;
    parts.button.addEventListener('click', () => {
      parts.button.setAttribute('aria-pressed', String(!this.#isOn));
      if (this.#isOn) parts.pad.scrollIntoView({ block: 'nearest' }); // on a phone it is above
      this.#begin();
    });
    new ResizeObserver(() => this.draw()).observe(parts.pad);
  }

  /** Explain this reading where that is asked for; null: nothing is settled. */
  show(reading, predictor) {
    const explained = reading?.is_digit ? reading : null;
    setEnabled(this.#parts.button, explained !== null, this.#parts.pad);
    if (explained === this.#reading && predictor === this.#predictor) return;
    this.#reading = explained;
    this.#predictor = predictor;
    this.#begin();
  }

  /** Show the heat as the pad is now, of its size and in its colours; none where there is nothing to show. */
  draw() {
    const { canvas, pad } = this.#parts;
    canvas.hidden = this.#answers === null;
    if (canvas.hidden) return;
    canvas.width = pad.width;
    canvas.height = pad.height;
    const style = getComputedStyle(canvas);
    const colours = { ink: style.color, rest: style.getPropertyValue('--rest'), against: style.outlineColor };
    const context = canvas.getContext('2d');
    this.#reading.digits.forEach(({ strokes, image }, index) => {
      context.drawImage(heated(canvas, strokes, image, this.#answers[index].relevance, colours), 0, 0);
    });
  }

  get #isOn() {
    return this.#parts.button.getAttribute('aria-pressed') === 'true';
  }

  #begin() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#answers = null;
    this.draw();
    this.#say(this.#isOn && this.#reading !== null ? '…' : this.#invitation);
    if (this.#isOn && this.#reading !== null) this.#timer = setTimeout(() => this.#explain(), SETTLED_MS);
  }

  async #explain() {
    const { digits } = this.#reading;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const answers = [];
      for (let start = 0; start < digits.length; start += MOST) {
        const images = digits.slice(start, start + MOST).map(({ image }) => image);
        answers.push(...(await this.#predictor.explain(images, asking.signal)));
      }
      if (asking.signal.aborted) return;
      this.#answers = answers;
      this.draw();
      this.#say(digits.map(({ digit }, index) => inWords(digit, answers[index].relevance)).join(' '));
    } catch (error) {
      if (!asking.signal.aborted) this.#say(`No explanation: ${error.message}`);
    }
  }

  #say(words) {
    if (this.#parts.words.textContent !== words) this.#parts.words.textContent = words;
  }
}

/** A canvas of the pad's size with a digit's ink, coloured by what it did for the answer. */
function heated({ width, height }, strokes, image, relevance, colours) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  const side = Math.min(width, height);
  let place = { left: (width - side) / 2, top: (height - side) / 2, side };
  if (strokes.length > 0) {
    const { left, top, side: inWidths } = frameOfImage(strokes);
    place = { left: left * width, top: top * width, side: inWidths * width };
    context.strokeStyle = colours.rest;
    drawInk(context, strokes);
    context.resetTransform();
  } else {
    context.drawImage(inkCanvas(image, colours.rest), place.left, place.top, side, side);
  }
  const most = Math.max(...relevance.map(Math.abs), 1e-9);
  context.globalCompositeOperation = 'source-atop'; // on the ink alone
  context.imageSmoothingQuality = 'high';
  for (const [sign, colour] of [
    [1, colours.ink],
    [-1, colours.against],
  ]) {
    const opacity = relevance.map((value) => Math.round(255 * Math.max(0, (sign * value) / most) ** 0.7));
    context.drawImage(inkCanvas(opacity, colour), place.left, place.top, place.side, place.side);
  }
  return canvas;
}

/**
 * What decided, in words.
 *
 * @param {number} digit
 * @param {number[]} relevance of 784 pixels: above 0 the ink there speaks for the digit, below against it
 */
export function inWords(digit, relevance) {
  const parts = partsOf(relevance);
  const total = parts.reduce((sum, { weight }) => sum + Math.max(0, weight), 0);
  if (total === 0) return `No single part decides for ${digit}.`;
  const named = [];
  let share = 0;
  for (const { place, weight } of [...parts].sort((a, b) => b.weight - a.weight)) {
    if (share >= SHARE * total || named.length === 3) break;
    named.push(place);
    share += weight;
  }
  const against = parts.filter(({ weight }) => -weight > AGAINST * total).map(({ place }) => place);
  const words = `It is read as ${digit} most of all for its ink ${listed(named)}.`;
  return against.length === 0 ? words : `${words} The ink ${listed(against)} speaks against it.`;
}

/** The nine parts of the ink's box, each with the summed relevance of its pixels. */
function partsOf(relevance) {
  const inked = [...relevance.keys()].filter((index) => relevance[index] !== 0);
  const [rows, columns] = [inked.map((index) => Math.floor(index / SIZE)), inked.map((index) => index % SIZE)];
  const third = (value, values) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return Math.min(2, Math.floor((3 * (value - low)) / (high - low + 1)));
  };
  const weights = PLACES.map((row) => row.map(() => 0));
  inked.forEach((index, i) => {
    weights[third(rows[i], rows)][third(columns[i], columns)] += relevance[index];
  });
  return PLACES.flatMap((row, y) => row.map((place, x) => ({ place, weight: weights[y][x] })));
}

function listed(places) {
  return places.length < 2 ? places.join('') : `${places.slice(0, -1).join(', ')} and ${places.at(-1)}`;
}
