// Shows the last drawings: a picture of each, what was read, and a choice to say what it was.

import { shortPercent } from './answer.js';
import { setEnabled } from './controls.js';
import { fromPairs } from './copy.js';

const UNTOLD = 'untold'; // the choice of a person who has not said
const SVG = 'http://www.w3.org/2000/svg';

/** The list of the last drawings; nothing is drawn while it is folded. */
export class HistoryView {
  #history;
  #parts;
  #areNumbers;
  #putStrokes;

  /**
   * @param {History} history
   * @param {{fold: HTMLDetailsElement, list: HTMLElement, keep: HTMLInputElement, save: HTMLElement, forget: HTMLElement, hint: HTMLElement}} parts
   * @param {boolean} areNumbers whether the page reads numbers of several digits
   * @param {(strokes: {x: number, y: number}[][]) => void} putStrokes brings a drawing back to the pad
   */
  constructor(history, parts, areNumbers, putStrokes) {
    this.#history = history;
    this.#parts = parts;
    this.#areNumbers = areNumbers;
    this.#putStrokes = putStrokes;
    parts.keep.checked = history.isKeeping;
    parts.keep.addEventListener('change', () => {
      history.keep(parts.keep.checked);
      this.render();
    });
    parts.fold.addEventListener('toggle', () => this.render());
    parts.save.addEventListener('click', () => this.#save());
    parts.forget.addEventListener('click', () => {
      if (!window.confirm(`Forget all ${history.entries.length} drawings?`)) return;
      history.clear();
      this.render();
    });
    this.render();
  }

  /** Show what the history holds now. */
  render() {
    const { fold, list, keep, hint, save, forget } = this.#parts;
    const { entries } = this.#history;
    for (const button of [save, forget]) setEnabled(button, entries.length > 0, keep);
    hint.textContent = keep.checked
      ? 'They stay in this browser, on this device, until you forget them.'
      : 'Until you do, they are gone when the page is closed.';
    if (!fold.open) return;
    if (entries.length === 0) list.replaceChildren(paragraph('What you draw is listed here with its answer.'));
    else list.replaceChildren(...entries.map((entry) => this.#item(entry)));
  }

  #item(entry) {
    const read = entry.text === '' ? 'not a digit' : entry.text;
    const back = document.createElement('button');
    back.type = 'button';
    back.className = 'thumbnail';
    back.setAttribute('aria-label', `Back to the pad: the drawing read as ${read}`);
    back.append(thumbnail(entry.strokes));
    back.addEventListener('click', () => {
      this.#putStrokes(fromPairs(entry.strokes));
    });
    const answer = document.createElement('span');
    answer.textContent = entry.text === '' ? read : `${read}, ${shortPercent(entry.confidence)}`;
    const item = document.createElement('li');
    item.append(back, answer, this.#choice(entry, read));
    return item;
  }

  /** What the drawing was: one of the ten digits or none; of a number it is typed. */
  #choice(entry, read) {
    const choice = document.createElement(this.#areNumbers ? 'input' : 'select');
    choice.setAttribute('aria-label', `What the drawing read as ${read} was`);
    if (this.#areNumbers) {
      choice.inputMode = 'numeric';
      choice.pattern = '[0-9]+';
      choice.title = 'digits alone';
      choice.placeholder = 'What was it?';
    } else {
      choice.append(option(UNTOLD, 'What was it?'));
      for (let digit = 0; digit < 10; digit += 1) choice.append(option(String(digit), `That was a ${digit}`));
      choice.append(option('', 'That was no digit'));
    }
    const untold = this.#areNumbers ? '' : UNTOLD;
    choice.value = entry.label ?? untold;
    choice.addEventListener('change', () => {
      if (!choice.reportValidity()) return;
      this.#history.correct(entry, choice.value === untold ? null : choice.value);
      choice.classList.toggle('told', entry.label !== null);
    });
    choice.classList.toggle('told', entry.label !== null);
    return choice;
  }

  #save() {
    const address = URL.createObjectURL(new Blob([this.#history.toJson()], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = 'drawings.json';
    link.click();
    URL.revokeObjectURL(address);
  }
}

/** Strokes of [x, y] points as a small picture that is as large as its place. */
function thumbnail(strokes) {
  const points = strokes.flat();
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const pen = 0.08 * (Math.min(width, height) || Math.max(width, height) || 1) + 0.02 * Math.max(width, height);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', [left - pen, top - pen, width + 2 * pen, height + 2 * pen].join(' '));
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', strokes.map((stroke) => `M${stroke.map((point) => point.join(' ')).join('L')}${stroke.length > 1 ? '' : 'h0'}`).join(''));
  path.setAttribute('stroke-width', pen);
  svg.append(path);
  return svg;
}

function option(value, text) {
  const each = document.createElement('option');
  each.value = value;
  each.textContent = text;
  return each;
}

function paragraph(text) {
  const item = document.createElement('li');
  item.className = 'nothing';
  item.textContent = text;
  return item;
}
