// Asks TorchServe's inference API what images show.

import { packed } from './images.js';
import { NoAnswer } from './no-answer.js';

const TIMEOUT_MS = 8000; // a first request after a start may wait for the worker; people do not wait longer

/** A recogniser behind a TorchServe at `url`. */
export class Server {
  constructor(url, model = 'mnist') {
    this.url = url;
    this.model = model;
  }

  /** Who answers, in a few words. */
  get name() {
    return 'the server';
  }

  /**
   * @param {Uint8Array[]} images of 784 pixels each
   * @param {AbortSignal} signal
   * @returns {Promise<{digit: number|null, confidence: number, is_digit: boolean, probabilities: number[]}[]>} in order
   * @throws {NoAnswer}
   */
  async predict(images, signal) {
    return this.#ask('predictions', images, signal, 'probabilities');
  }

  /**
   * The same answers, each with `relevance` too: 784 numbers, how much the ink at each pixel spoke for the digit.
   */
  async explain(images, signal) {
    return this.#ask('explanations', images, signal, 'relevance');
  }

  /** Resolves when the server is reachable; throws NoAnswer when it is not. */
  async ping() {
    await this.#fetch('/ping', {}, new AbortController().signal);
  }

  async #ask(what, images, signal, expected) {
    // Raw bytes without a content type: the server takes them so, and the browser asks no permission first.
    const path = `/${what}/${this.model}`;
    const { ok, status, body } = await this.#fetch(path, { method: 'POST', body: packed(images) }, signal);
    let content;
    try {
      content = JSON.parse(body);
    } catch {
      throw new NoAnswer(`${this.url} answered ${status} with something unreadable; is it TorchServe?`, { retry: true });
    }
    const answers = content?.predictions ?? [content];
    const complete = answers.length === images.length && answers.every((answer) => Array.isArray(answer?.[expected]));
    if (ok && complete) return answers;
    const reason = content?.message ?? 'an answer of another form; is it this project’s model?';
    const end = /[.!?]$/.test(reason) ? '' : '.';
    throw new NoAnswer(`${this.url} answered ${status}: ${reason}${end}`, { retry: status >= 500 });
  }

  async #fetch(path, options, signal) {
    const timeout = new AbortController();
    const abort = () => timeout.abort();
    const timer = setTimeout(abort, TIMEOUT_MS);
    signal.addEventListener('abort', abort);
    try {
      const response = await fetch(this.url + path, { ...options, signal: timeout.signal, cache: 'no-store' });
      // The body may hang too, so it is read under the same limit.
      return { ok: response.ok, status: response.status, body: await response.text() };
    } catch {
      const late = timeout.signal.aborted && !signal.aborted;
      throw new NoAnswer(`${this.url} ${late ? 'does not answer' : 'cannot be reached'}.`, { retry: true });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}
