// The last drawings with what was read, kept in memory, and on this device only where that is asked for. No DOM.
//
// An entry is {id, piece, strokes, text, confidence, label}: `strokes` as the server takes them, `text` what was read ("7",
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
  #isKeeping;
  #seen = new Set(); // ids of entries that were here once: what is no longer there was dropped

  /** @param {() => Storage} storage gives localStorage, or throws; what it holds of an earlier visit is taken up */
  constructor(storage) {
    this.#storage = storage;
    this.#isKeeping = this.#hasKept();
    this.#entries = this.#read();
    for (const { id } of this.#entries) this.#seen.add(id);
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

  /**
   * Add what was read of a drawing. It replaces the entry of the same piece, or else of the same ink: one that was brought
   * back to the pad, or along from another page. The same ink leaves its label.
   */
  add({ piece, strokes, text, confidence }) {
    const rounded = toPairs(strokes).map((stroke) => stroke.map(([x, y]) => [round(x), round(y)]));
    const ink = JSON.stringify(rounded);
    const hasSameInk = (entry) => JSON.stringify(entry.strokes) === ink;
    const before = this.#entries.find((entry) => entry.piece === piece) ?? this.#entries.find(hasSameInk);
    const isSame = before !== undefined && hasSameInk(before);
    const id = before?.id ?? `${Date.now()}-${Math.random()}`;
    const entry = { id, piece, strokes: rounded, text, confidence, label: isSame ? before.label : null };
    this.#seen.add(id);
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
    if (this.#isKeeping) this.#write([]);
  }

  /** Take up entries of another page of this visit, older than those that are here. */
  takeUp(entries) {
    const known = new Set(this.#entries.map(({ id }) => id));
    const others = entries.filter((entry) => isEntry(entry) && !known.has(entry.id));
    for (const { id } of others) this.#seen.add(id);
    this.#entries = [...this.#entries, ...others.map(withoutPiece)].slice(0, MOST);
  }

  /**
   * The entries as JSON, each with its strokes and what was `read`. `label` is what the person said, as
   * `mnist evaluate --drawings` takes it: -1 for no digit, null where nothing was said. A number of several has no
   * label but `number`, what was said of it as text.
   */
  toJson() {
    const drawings = this.#entries.map(({ strokes, text, confidence, label }) => {
      const said = { strokes, read: text, confidence };
      if ((label ?? text).length > 1) return { label: null, number: label, ...said };
      if (label === null) return { label, ...said };
      return { label: label === '' ? -1 : Number(label), ...said };
    });
    return JSON.stringify(drawings);
  }

  /** Write what is kept: the entries, and those that another page has kept meanwhile. */
  #store() {
    if (!this.#isKeeping) return;
    const own = new Set(this.#entries.map(({ id }) => id));
    const others = this.#read().filter(({ id }) => !own.has(id) && !this.#seen.has(id));
    this.#write([...this.#entries.map(withoutPiece), ...others].slice(0, MOST));
  }

  #read() {
    try {
      const kept = JSON.parse(this.#storage().getItem(KEY));
      return Array.isArray(kept) ? kept.filter(isEntry) : [];
    } catch {
      return []; // something else wrote it, or storing is not allowed
    }
  }

  #write(entries) {
    try {
      this.#storage().setItem(KEY, JSON.stringify(entries));
    } catch {
      // no room, or not allowed: they stay in memory
    }
  }

  #hasKept() {
    try {
      return Array.isArray(JSON.parse(this.#storage().getItem(KEY)));
    } catch {
      return false;
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
    typeof value.id === 'string' &&
    areDigits(value.text) &&
    typeof value.confidence === 'number' &&
    (value.label === null || areDigits(value.label))
  );
}

function areDigits(value) {
  return typeof value === 'string' && /^[0-9]*$/.test(value);
}

/** A piece is counted from the page's opening: on another page it would be another. */
function withoutPiece(entry) {
  return { ...entry, piece: null };
}

function round(value) {
  return Math.round(value * DECIMALS) / DECIMALS;
}
