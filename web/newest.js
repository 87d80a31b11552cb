// At most one question in flight, and the newest one wins. No DOM.

/**
 * Sends questions one at a time. One that is asked while another is in flight waits, and replaces any that waited
 * before it; so answers come in order, and the last one is always that of the newest question. A question is given as
 * a function that makes it, called when it is sent: those that are replaced cost nothing.
 */
export class NewestWins {
  #send;
  #onAnswer;
  #onError;
  #inFlight = null; // AbortController
  #waiting = null;

  /**
   * @param {(question, signal: AbortSignal) => Promise} send
   * @param {{onAnswer: (question, answer) => void, onError: (question, error) => void}} callbacks
   */
  constructor(send, { onAnswer, onError }) {
    this.#send = send;
    this.#onAnswer = onAnswer;
    this.#onError = onError;
  }

  /** Ask now, or as soon as the question in flight is answered. */
  ask(makeQuestion) {
    if (this.#inFlight === null) this.#start(makeQuestion);
    else this.#waiting = makeQuestion;
  }

  /** Forget every question; an answer that is still on its way is dropped. */
  cancel() {
    this.#waiting = null;
    this.#inFlight?.abort();
    this.#inFlight = null;
  }

  async #start(makeQuestion) {
    const question = makeQuestion();
    const controller = new AbortController();
    this.#inFlight = controller;
    let report;
    try {
      const answer = await this.#send(question, controller.signal);
      report = () => this.#onAnswer(question, answer);
    } catch (error) {
      report = () => this.#onError(question, error);
    }
    if (this.#inFlight !== controller) return; // cancelled meanwhile
    this.#inFlight = null;
    const next = this.#waiting;
    this.#waiting = null;
    if (next !== null) this.#start(next);
    report();
  }
}
