// Asks TorchServe's inference API what an image shows.

const TIMEOUT_MS = 8000; // a first request after a start may wait for the worker; people do not wait longer

/** Why there is no answer. `retry`: the same question may be answered later. */
export class NoAnswer extends Error {
  constructor(message, { retry }) {
    super(message);
    this.retry = retry;
  }
}

/** The recogniser behind a TorchServe at `url`. */
export class Server {
  constructor(url) {
    this.url = url;
  }

  /**
   * @param {Uint8Array} image 784 pixels
   * @param {AbortSignal} signal
   * @returns {Promise<{digit: number|null, confidence: number, is_digit: boolean, probabilities: number[]}>}
   * @throws {NoAnswer}
   */
  async predict(image, signal) {
    // Raw bytes without a content type: the server takes them so, and the browser asks no permission first.
    const { ok, status, body } = await this.#fetch('/predictions/mnist', { method: 'POST', body: image }, signal);
    let answer;
    try {
      answer = JSON.parse(body);
    } catch {
      throw new NoAnswer(`${this.url} answered ${status} with something unreadable.`, { retry: true });
    }
    if (ok && Array.isArray(answer?.probabilities)) return answer;
    const reason = answer?.message ?? 'an answer of another form';
    throw new NoAnswer(`${this.url} answered ${status}: ${reason}`, { retry: status >= 500 });
  }

  /** Resolves when the server is reachable; throws NoAnswer when it is not. */
  async ping() {
    await this.#fetch('/ping', {}, new AbortController().signal);
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
