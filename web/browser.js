// Asks a network in this browser what images show. No server: browser-worker.js runs the same file that
// `mnist export` writes.

import { packed } from './images.js';
import { NoAnswer } from './no-answer.js';
import { occluded, relevance } from './occlusion.js';

const CLASSES = 10;
const BATCH = 64; // images that the worker answers at once: some 50 ms, after which an aborted question is over
const ROUNDING = 1e7; // of probabilities, as the server rounds them

/** A recogniser in a worker of its own; answers as `Server` does. */
export class Browser {
  #onProgress;
  #worker = null;
  #loading = null; // {promise, resolve, reject} while loading and as long as the worker lives
  #isLoaded = false;
  #questions = new Map(); // id -> {resolve, reject}
  #lastId = 0;

  /**
   * Fetches nothing yet.
   *
   * @param {{onProgress: ({loaded: number, total: number|null}|null) => void}} callbacks told in bytes while parts
   *   arrive, `total` being null where it is not known; and null once that is over, well or not
   */
  constructor({ onProgress }) {
    this.#onProgress = onProgress;
  }

  /** Who answers, in a few words. */
  get name() {
    return 'this browser';
  }

  /** Whether `predict` is answered at once. */
  get isLoaded() {
    return this.#isLoaded;
  }

  /**
   * Fetch the runtime and the network and start them, once; after a failure, anew.
   *
   * @throws {NoAnswer} they are not installed (retry false), or cannot be fetched or started
   */
  async load() {
    if (this.#loading === null) {
      this.#loading = withResolvers();
      this.#start();
    }
    await this.#loading.promise;
  }

  /** Resolves when it can answer, for which it is loaded; throws NoAnswer when it cannot. */
  async ping() {
    await this.load();
  }

  /**
   * Loads first, where that was not done.
   *
   * @param {Uint8Array[]} images of 784 pixels each
   * @param {AbortSignal} signal
   * @returns {Promise<{digit: number|null, confidence: number, is_digit: boolean, probabilities: number[]}[]>} in order
   * @throws {NoAnswer} it cannot be loaded, was aborted, or the worker stopped; after this last, `isLoaded` is false
   */
  async predict(images, signal) {
    await this.load();
    const answers = [];
    for (let start = 0; start < images.length; start += BATCH) {
      const batch = images.slice(start, start + BATCH);
      const { probabilities, isDigit } = await this.#ask(batch, signal);
      batch.forEach((image, index) => {
        const row = probabilities.subarray(index * CLASSES, (index + 1) * CLASSES);
        answers.push(answerFor(image, row, isDigit[index] === 1));
      });
    }
    return answers;
  }

  /** The same answers, each with `relevance` too, as `Server` has it. */
  async explain(images, signal) {
    const answers = await this.predict(images, signal);
    const explained = [];
    for (const [index, image] of images.entries()) {
      const { windows, images: parts } = occluded(image);
      const without = await this.predict(parts, signal);
      explained.push({ ...answers[index], relevance: relevance(image, windows, answers[index], without) });
    }
    return explained;
  }

  #start() {
    const worker = new Worker(new URL('browser-worker.js', import.meta.url), { type: 'module' });
    this.#worker = worker;
    worker.addEventListener('message', ({ data }) => {
      if (worker === this.#worker) this.#hear(data);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault(); // it is told here
      // An error without words is that of a script that did not arrive.
      const reason = event.message || 'its script cannot be fetched';
      if (worker === this.#worker) this.#stop(`Predicting in this browser stopped: ${reason}.`, true);
    });
  }

  #hear(data) {
    if (data.ready) {
      this.#isLoaded = true;
      this.#onProgress(null);
      this.#loading.resolve();
    } else if (data.failure) {
      this.#stop(data.failure, data.retry);
    } else if (data.id) {
      this.#questions.get(data.id)?.resolve(data); // none where it was aborted
    } else {
      this.#onProgress(data);
    }
  }

  /** End the worker and all that wait for it; a later `load` starts another. */
  #stop(reason, retry) {
    const error = new NoAnswer(reason, { retry });
    this.#worker.terminate();
    this.#worker = null;
    this.#isLoaded = false;
    this.#onProgress(null);
    this.#loading.reject(error);
    this.#loading = null;
    for (const { reject } of this.#questions.values()) reject(error);
  }

  async #ask(images, signal) {
    if (signal.aborted) throw withdrawn();
    const bytes = packed(images);
    this.#lastId += 1;
    const id = this.#lastId;
    const question = withResolvers();
    const abort = () => question.reject(withdrawn());
    this.#questions.set(id, question);
    signal.addEventListener('abort', abort);
    this.#worker.postMessage({ id, images: bytes }, [bytes.buffer]);
    try {
      return await question.promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#questions.delete(id);
    }
  }
}

/** The server's answer for an image, from ten probabilities. */
function answerFor(image, probabilities, isDigit) {
  if (image.every((pixel) => pixel === 0)) {
    return { digit: null, confidence: 0, is_digit: false, probabilities: Array(CLASSES).fill(1 / CLASSES) };
  }
  const digit = probabilities.indexOf(Math.max(...probabilities));
  const rounded = Array.from(probabilities, (value) => Math.round(value * ROUNDING) / ROUNDING);
  return { digit, confidence: rounded[digit], is_digit: isDigit, probabilities: rounded };
}

function withdrawn() {
  return new NoAnswer('The question was withdrawn.', { retry: true });
}

function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
