// Asks a predictor about the drawing, again and again while it grows, and keeps what it said. No DOM.
//
// A predictor has `predict(images, signal)`, `explain(images, signal)` and `ping()`: a server, or this browser.

import { NewestWins } from './newest.js';

const RETRY_MS = 1000;

/** What one predictor says of the drawing. */
export class Reader {
  #drawing;
  #task;
  #predictor;
  #questions;
  #onChange;
  #latest = null; // {version, reading, milliseconds} or {version, error}: the last thing it said of this drawing
  #trouble = null; // why it cannot be asked at present
  #retryTimer = null;

  /**
   * @param {Drawing} drawing
   * @param {object} task one of tasks.js
   * @param {object} predictor
   * @param {() => void} onChange called when something was said
   */
  constructor(drawing, task, predictor, onChange) {
    this.#drawing = drawing;
    this.#task = task;
    this.#predictor = predictor;
    this.#onChange = onChange;
    this.#questions = new NewestWins((version, signal) => this.#predict(signal), {
      onAnswer: (version, said) => this.#say({ version, ...said }, null),
      onError: (version, error) => this.#say({ version, error }, error.retry ? error : null),
    });
  }

  /** The predictor that is asked. */
  get predictor() {
    return this.#predictor;
  }

  /** Ask another one from now on. */
  set predictor(predictor) {
    this.#predictor = predictor;
    this.#setTrouble(null);
    this.erased();
  }

  /** The reading of the drawing as it is now, or null. */
  get reading() {
    return this.#current?.reading ?? null;
  }

  /** Why the drawing as it is now has no reading, or null. */
  get error() {
    return this.#current?.error ?? null;
  }

  /** How long the last answer took, or null. */
  get milliseconds() {
    return this.#latest?.milliseconds ?? null;
  }

  /** The reading of the drawing as it was a moment ago, with less ink; or null. */
  get lastReading() {
    return this.#latest?.reading ?? null;
  }

  /** Why the predictor cannot be asked at present, or null. */
  get trouble() {
    return this.#trouble;
  }

  /** Ink was added. */
  drawn() {
    const drawing = this.#drawing;
    if (drawing.isEmpty) return;
    this.#questions.ask(() => drawing.version);
  }

  /** Ink was taken away or exchanged: whatever was said, or is still being asked, was about another drawing. */
  erased() {
    this.#questions.cancel();
    this.#latest = null;
    this.drawn();
  }

  /** Find out whether the predictor can be asked, and keep trying until it can. */
  async ping() {
    const predictor = this.#predictor;
    let trouble = null;
    try {
      await predictor.ping();
    } catch (error) {
      trouble = error;
    }
    if (predictor !== this.#predictor) return; // another one is asked meanwhile
    if (trouble === null && !this.#drawing.isEmpty) this.drawn(); // reachable; whether it answers shows now
    else this.#setTrouble(trouble);
    this.#onChange();
  }

  async #predict(signal) {
    const question = this.#task.question(this.#drawing); // at once: of the version that was asked about
    const asked = performance.now();
    const answers = await this.#predictor.predict(question.images, signal);
    const milliseconds = performance.now() - asked;
    return { reading: this.#task.reading(question, answers), milliseconds };
  }

  get #current() {
    return this.#latest?.version === this.#drawing.version ? this.#latest : null;
  }

  #say(latest, trouble) {
    this.#latest = latest;
    this.#setTrouble(trouble);
    this.#onChange();
  }

  #setTrouble(error) {
    clearTimeout(this.#retryTimer);
    this.#trouble = error;
    if (error === null || !error.retry) return;
    this.#retryTimer = setTimeout(() => (this.#drawing.isEmpty ? this.ping() : this.drawn()), RETRY_MS);
  }
}
