// The last drawings with what was read, kept in memory, and on this device only where that is asked for. No DOM.
//
// An entry is {piece, strokes, digit, confidence, label}: `digit` is what was read ("7", "2026", or "" where refused),
// `label` what the person says it was, if they said so: "0" to "9", "" for no digit, null while they have not.

const KEY = 'drawings';
const MOST = 30;
const DECIMALS = 1e4; // of coordinates that are kept: finer than any screen

/** The last drawings, newest first. */
export class History {
  #storage;
  #entries = [];
  #keeping = false;

  /** @param {() => Storage} storage gives localStorage, or throws; what it holds of an earlier visit is taken up */
  constructor(storage) {
    this.#storage = storage;
    try {
      const kept = JSON.parse(storage().getItem(KEY));
      if (!Array.isArray(kept)) return;
      this.#keeping = true;
      this.#entries = kept.filter((entry) => Array.isArray(entry?.strokes));
    } catch {
      // what is there was written by something else, or storing is not allowed: begin anew
    }
  }

  get entries() {
    return this.#entries;
  }

  /** Whether the entries are kept on this device. */
  get isKeeping() {
    return this.#keeping;
  }

  /** Keep the entries on this device from now on, or no longer, and remove what was kept. */
  keep(keeping) {
    this.#keeping = keeping;
    this.#store();
  }

  /** Add what was read of a drawing; more strokes of the same piece replace its entry. */
  add({ piece, strokes, digit, confidence }) {
    const rounded = strokes.map((stroke) => stroke.map(({ x, y }) => [round(x), round(y)]));
    const entry = { piece, strokes: rounded, digit, confidence, label: null };
    const [newest] = this.#entries;
    const others = newest?.piece === piece ? this.#entries.slice(1) : this.#entries;
    this.#entries = [entry, ...others].slice(0, MOST);
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
   * The entries as JSON, each with `strokes` as the server takes them, and what was `read`. One digit has the `label`
   * that `mnist evaluate --drawings` measures against, -1 for none; a number of several has `number` as text.
   */
  toJson() {
    const drawings = this.#entries.map(({ strokes, digit, confidence, label }) => {
      const said = label ?? digit;
      const truth = digit.length > 1 ? { number: said } : { label: said === '' ? -1 : Number(said) };
      return { ...truth, strokes, read: digit, confidence, corrected: label !== null };
    });
    return JSON.stringify(drawings);
  }

  #store() {
    try {
      if (!this.#keeping) this.#storage().removeItem(KEY);
      // A piece is counted from the page's opening: kept ones belong to none of the next visit.
      else this.#storage().setItem(KEY, JSON.stringify(this.#entries.map((entry) => ({ ...entry, piece: null }))));
    } catch {
      // no room, or not allowed: they stay in memory
    }
  }
}

function round(value) {
  return Math.round(value * DECIMALS) / DECIMALS;
}
