// Shows the last drawings: a picture of each, what was read, and a choice to say what it was.

import { shortPercent } from './answer.js';
import { fromPairs } from './copy.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The list of the last drawings; nothing is drawn while it is folded. */
export class HistoryView {
  #history;
  #parts;
  #putStrokes;

  /**
   * @param {History} history
   * @param {{fold: HTMLDetailsElement, list: HTMLElement, keep: HTMLInputElement, save: HTMLElement, forget: HTMLElement}} parts
   * @param {(strokes: {x: number, y: number}[][]) => void} putStrokes brings a drawing back to the pad
   */
  constructor(history, parts, putStrokes) {
    this.#history = history;
    this.#parts = parts;
    this.#putStrokes = putStrokes;
    parts.keep.checked = history.isKeeping;
    parts.keep.addEventListener('change', () => history.keep(parts.keep.checked));
    parts.fold.addEventListener('toggle', () => this.render());
    parts.save.addEventListener('click', () => this.#save());
    parts.forget.addEventListener('click', () => {
      history.clear();
      this.render();
    });
    this.render();
  }

  /** Show what the history holds now. */
  render() {
    const { fold, list, save, forget } = this.#parts;
    const { entries } = this.#history;
    save.disabled = forget.disabled = entries.length === 0;
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

  /** "That was a …", with the ten digits; a number of several is typed. */
  #choice(entry, read) {
    const isNumber = entry.text.length > 1;
    const choice = document.createElement(isNumber ? 'input' : 'select');
    choice.setAttribute('aria-label', `What the drawing read as ${read} was`);
    if (isNumber) {
      choice.inputMode = 'numeric';
      choice.pattern = '[0-9]*';
      choice.placeholder = 'That was…';
      choice.value = entry.label ?? '';
    } else {
      choice.append(option('right', 'That was right'));
      for (let digit = 0; digit < 10; digit += 1) choice.append(option(String(digit), `That was a ${digit}`));
      choice.append(option('', 'That was no digit'));
      choice.value = entry.label ?? 'right';
    }
    choice.addEventListener('change', () => {
      if (!choice.checkValidity()) return;
      const untold = isNumber ? '' : 'right';
      this.#history.correct(entry, choice.value === untold ? null : choice.value);
      choice.classList.toggle('corrected', entry.label !== null);
    });
    choice.classList.toggle('corrected', entry.label !== null);
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
