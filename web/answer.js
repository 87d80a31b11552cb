// What the page says of an answer: its state, and the words for it. No DOM.

const SURE = 0.9; // from this confidence on one digit is named alone
const NEAR = 0.25; // a refused drawing with at least this confidence is near a digit: it is named too

/**
 * @param {object} now
 * @param {boolean} now.isEmpty nothing is drawn
 * @param {boolean} now.isDrawing the pen is down
 * @param {Error|null} now.error why the present drawing has no answer
 * @param {object|null} now.answer the server's answer for the present drawing, none yet: null
 * @returns {'empty'|'drawing'|'pending'|'sure'|'unsure'|'not-a-digit'|'error'}
 */
export function stateOf({ isEmpty, isDrawing, error, answer }) {
  if (isEmpty) return 'empty';
  if (isDrawing) return 'drawing';
  if (error) return 'error';
  if (!answer) return 'pending';
  if (!answer.is_digit) return 'not-a-digit';
  return answer.confidence >= SURE ? 'sure' : 'unsure';
}

/** The line under the digit. */
export function messageFor(state, answer, error) {
  switch (state) {
    case 'empty':
      return '0 to 9, with a mouse, a finger or a pen.';
    case 'drawing':
    case 'pending':
      return 'Reading…';
    case 'sure':
      return `${percent(answer.confidence)} sure`;
    case 'unsure': {
      const [first, second] = ranked(answer.probabilities);
      return `${first} or ${second}? ${percent(answer.confidence)} sure`;
    }
    case 'not-a-digit':
      return answer.confidence >= NEAR
        ? `That does not look like a digit; the nearest is ${ranked(answer.probabilities)[0]}.`
        : 'That does not look like a digit.';
    default:
      return error.message;
  }
}

/** A probability for people; never 100 % of what is not certain. */
export function percent(probability) {
  const shown = Math.round(probability * 1000) / 10;
  if (shown >= 100 && probability < 1) return 'over 99.9 %';
  return `${shown} %`;
}

/** The same in as few characters as fit under a bar. */
export function shortPercent(probability) {
  const shown = Math.round(probability * 100);
  if (shown >= 100 && probability < 1) return '>99 %';
  return `${shown} %`;
}

function ranked(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}
