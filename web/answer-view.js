// Shows what one reader says of the drawing: the digit, words, bars, and how long it took.

import { messageFor, namesADigit, shortPercent, stateOf } from './answer.js';

/** One answer on the page; `root` is an element with the parts of the .answer in index.html. */
export class AnswerView {
  #root;
  #bars;

  constructor(root) {
    this.#root = root;
    this.#bars = root.querySelector('.bars');
    this.#show([...Array(10).keys()].map((digit) => ({ label: digit, share: null })));
  }

  /**
   * Show what a reader says now.
   *
   * @param {Reader} reader
   * @param {{isEmpty: boolean, isDrawing: boolean, invitation: string}} now
   * @returns {string} the state
   */
  render(reader, { isEmpty, isDrawing, invitation }) {
    const { reading, error } = reader;
    const state = stateOf({ isEmpty, isDrawing, error, reading });
    const underway = state === 'drawing' || state === 'pending';
    // While the pen is down the last answer stays in sight, dimmed: it was for a part of the same drawing.
    const shown = underway ? reader.lastReading : reading;
    this.#root.dataset.state = state;
    this.#root.style.setProperty('--digits', Math.max(1, shown?.text.length ?? 1));
    this.#root.setAttribute('aria-busy', String(underway)); // only settled answers are read out
    this.#say('.digit', shown?.text ?? '');
    this.#say('.message', messageFor(state, { reading, error, invitation }));
    this.#show(shown?.digits.length > 1 ? barsOfNumber(shown.digits) : barsOfDigit(shown?.digits[0]));
    const time = shown ? duration(reader.milliseconds) : '';
    this.#say('.who', time ? `${reader.predictor.name}, ` : reader.predictor.name);
    this.#say('.time', time);
    return state;
  }

  /** Write a text where it is another: what is written is read out. */
  #say(part, text) {
    const element = this.#root.querySelector(part);
    if (element.textContent !== text) element.textContent = text;
  }

  #show(bars) {
    while (this.#bars.children.length > bars.length) this.#bars.lastChild.remove();
    while (this.#bars.children.length < bars.length) this.#bars.append(newBar());
    bars.forEach(({ label, share, leads = false }, index) => {
      const bar = this.#bars.children[index];
      bar.style.setProperty('--share', share ?? 0);
      bar.classList.toggle('likeliest', leads);
      bar.querySelector('.label').textContent = label;
      bar.querySelector('.percent').textContent = share === null ? '' : shortPercent(share);
    });
  }
}

function newBar() {
  const bar = document.createElement('li');
  for (const name of ['bar', 'label', 'percent']) {
    const part = document.createElement('span');
    part.className = name;
    bar.append(part);
  }
  return bar;
}

/** Ten bars, one a digit. */
function barsOfDigit(answer) {
  return [...Array(10).keys()].map((digit) => ({
    label: digit,
    share: answer?.probabilities[digit] ?? null,
    leads: answer !== undefined && digit === answer.digit && namesADigit(answer),
  }));
}

/** A bar for each digit of a number, as high as it is certain. */
function barsOfNumber(digits) {
  return digits.map((answer) => ({ label: answer.digit, share: answer.confidence, leads: namesADigit(answer) }));
}

function duration(milliseconds) {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}
