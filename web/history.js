// The last drawings with what was read, kept in memory, and on this device only where that is asked for. No DOM.
//
// An entry is {piece, strokes, text, confidence, label}: `strokes` as the server takes them, `text` what was read ("7",
// "2026", or "" where refused), `label` what the person says it was, if they said so: text again, "" for no digit, null
// while they have not.

import { areStrokes, toPairs } from './copy.js';

const KEY = 'mnist-drawings';
const MOST = 30;
const DECIMALS = 1e4; // of coordinates that are kept: finer than any screen

/** The last drawings, newest first. */
export class History {
  #storage;
  #entries = [];
  #isKeeping = false;

  /** @param {() => Storage} storage gives localStorage, or throws; what it holds of an earlier visit is taken up */
  constructor(storage) {
    this.#storage = storage;
    try {
      const kept = JSON.parse(storage().getItem(KEY));
      if (!Array.isArray(kept)) return;
      this.#isKeeping = true;
      this.#entries = kept.filter(isEntry);
    } catch {
      // what is there was written by something else, or storing is not allowed: begin anew
    }
  }

  get entries() {
    return this.#entries;
  }

  /** Whether the entries are kept on this device. */
  get isKeeping() {
    return this.#isKeeping;
  }

  /** Keep the entries on this device from now on, or no longer, and remove what was kept. */
  keep(isKeeping) {
    this.#isKeeping = isKeeping;
    if (isKeeping) this.#store();
    else this.#remove();
  }

  /** Add what was read of a drawing. More strokes of a piece replace its entry; the same ink leaves its label. */
  add({ piece, strokes, text, confidence }) {
    const rounded = toPairs(strokes).map((stroke) => stroke.map(([x, y]) => [round(x), round(y)]));
    const before = this.#entries.find((entry) => entry.piece === piece);
    const isSame = before !== undefined && JSON.stringify(before.strokes) === JSON.stringify(rounded);
    const entry = { piece, strokes: rounded, text, confidence, label: isSame ? before.label : null };
    this.#entries = [entry, ...this.#entries.filter((other) => other !== before)].slice(0, MOST);
    this.#store();
  }

  /** Say what an entry's drawing was: a digit or a number as text, "" for none, null to take it back. */
  correct(entry, label) {
    entry.label = label;
    this.#store();
  }

  /** Forget every entry, here and on the device. */
  clear() {
    this.#entries = [];
    this.#store();
  }

  /**
   * The entries as JSON, each with its strokes and what was `read`. One digit has the `label` that
   * `mnist evaluate --drawings` measures against, -1 for none; a number of several has `number` as text.
   */
  toJson() {
    const drawings = this.#entries.map(({ strokes, text, confidence, label }) => {
      const said = label ?? text;
      const truth = text.length > 1 ? { number: said } : { label: said === '' ? -1 : Number(said) };
      return { ...truth, strokes, read: text, confidence, corrected: label !== null };
    });
    return JSON.stringify(drawings);
  }

  /** Write what is kept. Of two pages that keep, the one that writes last wins. */
  #store() {
    if (!this.#isKeeping) return;
    // A piece is counted from the page's opening: kept ones belong to none of the next visit.
    const kept = this.#entries.map((entry) => ({ ...entry, piece: null }));
    try {
      this.#storage().setItem(KEY, JSON.stringify(kept));
    } catch {
      // no room, or not allowed: they stay in memory
    }
  }

  #remove() {
    try {
      this.#storage().removeItem(KEY);
    } catch {
      // not allowed: then nothing was kept
    }
  }
}

/** Whether a value, read from the device, is an entry as this class writes them. */
function isEntry(value) {
  return (
    areStrokes(value?.strokes) &&
    /^[0-9]*$/.test(value.text) &&
    typeof value.text === 'string' &&
    typeof value.confidence === 'number' &&
    (value.label === null || (typeof value.label === 'string' && /^[0-9]*$/.test(value.label)))
  );
}

function round(value) {
  return Math.round(value * DECIMALS) / DECIMALS;
}
