// The ways to put a drawing on the pad without drawing it: samples; pictures that are chosen, pasted or dropped; and
// drawings that were copied.

import { strokesOf, textOf } from './copy.js';
import { pictureIn, readPicture } from './load-picture.js';
import { imageFromPicture } from './picture.js';
import { sample } from './samples.js';

const BLANK = 'That picture shows nothing but paper: expected one dark digit on light paper, or light on dark.';

/**
 * Fill the row of samples: a button for each digit, each time with the next hand; the same on the pad by keys.
 *
 * @param {HTMLElement} row
 * @param {HTMLElement} pad
 * @param {(strokes: {x: number, y: number}[][]) => void} putSample takes the strokes in a square of side 1
 */
export function offerSamples(row, pad, putSample) {
  const turns = Array(10).fill(0);
  const next = (digit) => {
    putSample(sample(digit, turns[digit]));
    turns[digit] += 1;
  };
  for (const digit of turns.keys()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = digit;
    button.setAttribute('aria-label', `Sample of ${digit}`);
    button.addEventListener('click', () => next(digit));
    row.append(button);
  }
  pad.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-9]$/.test(event.key)) return;
    next(Number(event.key));
  });
}

/**
 * Take pictures: from a file that is chosen, from the clipboard, or dropped on the page.
 *
 * @param {{button: HTMLElement, input: HTMLInputElement, target: HTMLElement}} where `target` shows that it may be dropped
 * @param {{put: (what: {picture: Uint8Array}) => void, refuse: (message: string) => void}} then
 */
export function takePictures({ button, input, target }, { put, refuse }) {
  let taken = 0; // a large picture takes its time: of several the last one counts
  const take = async (blob) => {
    taken += 1;
    const turn = taken;
    let then;
    try {
      const picture = imageFromPicture(await readPicture(blob));
      const isBlank = picture.every((value) => value === 0);
      then = isBlank ? () => refuse(BLANK) : () => put({ picture });
    } catch (error) {
      then = () => refuse(error.message);
    }
    if (turn === taken) then();
  };
  const takeFrom = (event, transfer) => {
    const blob = pictureIn(transfer);
    if (blob === null) return;
    event.preventDefault();
    take(blob);
  };
  button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    if (input.files.length > 0) take(input.files[0]);
    input.value = ''; // so that the same file can be chosen again
  });
  document.addEventListener('paste', (event) => {
    if (!isField(event.target)) takeFrom(event, event.clipboardData);
  });
  // Without this a browser would leave the page to show what was dropped on it.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    target.classList.add('drop');
  });
  document.addEventListener('dragleave', () => target.classList.remove('drop'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    target.classList.remove('drop');
    if (event.dataTransfer.files.length > 0 && pictureIn(event.dataTransfer) === null) {
      refuse('That file is no picture: expected a PNG, a JPEG or the like.');
    }
    takeFrom(event, event.dataTransfer);
  });
}

/**
 * Copy the drawing's strokes as text, and put those of a text there that is pasted.
 *
 * @param {Drawing} drawing
 * @param {{putStrokes: (strokes: {x: number, y: number}[][]) => void, refuse: (message: string) => void}} then
 */
export function copyAndPaste(drawing, { putStrokes, refuse }) {
  document.addEventListener('copy', (event) => {
    if (!window.getSelection().isCollapsed || isField(event.target) || drawing.strokes.length === 0) return;
    event.clipboardData.setData('text/plain', textOf(drawing.strokes));
    event.preventDefault();
  });
  document.addEventListener('paste', (event) => {
    if (isField(event.target)) return;
    try {
      const strokes = strokesOf(event.clipboardData.getData('text/plain'));
      if (strokes !== null) putStrokes(strokes);
    } catch (error) {
      refuse(error.message);
    }
  });
}

/** Whether what has the focus takes keys and text by itself. */
export function isField(target) {
  return target instanceof Element && target.matches('select, input:not([type="radio"], [type="checkbox"])');
}
