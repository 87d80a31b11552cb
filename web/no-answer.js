// The one error that predictors give: why there is no answer, in words for the person at the page.

/** `retry`: the same question may be answered later. */
export class NoAnswer extends Error {
  constructor(message, { retry }) {
    super(message);
    this.retry = retry;
  }
}
