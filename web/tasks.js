// What is asked about a drawing, and what the answers make of it: one digit, or a number of several. No DOM.
//
// A question holds the images to predict; a reading is
// {text, confidence, is_digit, digits: [{digit, confidence, is_digit, probabilities, image, strokes}, ...]}.

import { frame } from './geometry.js';
import { bestReading, candidateGroups } from './numbers.js';
import { imageFromStrokes } from './preprocessing.js';

const GAP = 0.15; // between the digits of a number that is put together from samples, in pad heights

/** The whole drawing is one digit. */
export const ONE_DIGIT = {
  invitation: '0 to 9, with a mouse, a finger or a pen.',
  question({ strokes, picture }) {
    return { strokes, images: [picture ?? imageFromStrokes(strokes)] };
  },
  reading({ strokes, images }, [answer]) {
    const { digit, confidence, is_digit } = answer;
    const digits = [{ ...answer, image: images[0], strokes }];
    return { text: is_digit ? String(digit) : '', confidence, is_digit, digits };
  },
  withSample(before, sample) {
    return sample;
  },
};

/** Strokes from left to right are digits of one number; a picture still is one digit. */
export const NUMBER = {
  invitation: 'A number from left to right, such as 2026; lift the pen between digits.',
  question(drawing) {
    if (drawing.picture !== null) return ONE_DIGIT.question(drawing);
    const { strokes } = drawing;
    const groups = candidateGroups(strokes);
    const images = groups.map((group) => imageFromStrokes(group.map((index) => strokes[index])));
    return { strokes, groups, images };
  },
  reading(question, answers) {
    const { strokes, groups, images } = question;
    if (groups === undefined) return ONE_DIGIT.reading(question, answers);
    const digits = bestReading(strokes, groups, answers).map((index) => ({
      ...answers[index],
      image: images[index],
      strokes: groups[index].map((stroke) => strokes[stroke]),
    }));
    const isNumber = digits.some(({ is_digit }) => is_digit); // one odd digit does not make it none
    return {
      text: isNumber ? digits.map(({ digit }) => digit).join('') : '',
      confidence: Math.min(...digits.map(({ confidence }) => confidence)), // as sure as of the least sure
      is_digit: isNumber,
      digits,
    };
  },
  /** A sample joins the digits before it, on their right; null where there is no room. */
  withSample(before, sample, height) {
    const { middleX, width } = frame(sample.flat());
    const left = (middleX - width / 2) * height; // of the sample's ink
    const edge = before.length > 0 ? Math.max(...before.flat().map(({ x }) => x)) : 0;
    const shift = edge + GAP * height - left;
    if (left + width * height + shift > 1) return null;
    return [...before, ...sample.map((stroke) => stroke.map(({ x, y }) => ({ x: x * height + shift, y: y * height })))];
  },
};
