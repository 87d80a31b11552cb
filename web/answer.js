// What the page says of a reading: its state, and the words for it. No DOM.

const SURE = 0.9; // from this confidence on one digit is named alone
const NEAR = 0.25; // a refused drawing with at least this confidence is near a digit: it is named too
const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });
const ENDINGS = { one: 'st', two: 'nd', few: 'rd', other: 'th' };

/**
 * @param {object} now
 * @param {boolean} now.isEmpty nothing is drawn
 * @param {boolean} now.isDrawing the pen is down
 * @param {Error|null} now.error why the present drawing has no reading
 * @param {object|null} now.reading of the present drawing (see tasks.js), none yet: null
 * @returns {'empty'|'drawing'|'pending'|'sure'|'unsure'|'not-a-digit'|'error'}
 */
export function stateOf({ isEmpty, isDrawing, error, reading }) {
  if (isEmpty) return 'empty';
  if (isDrawing) return 'drawing';
  if (error) return 'error';
  if (!reading) return 'pending';
  if (!reading.is_digit) return 'not-a-digit';
  return reading.confidence >= SURE ? 'sure' : 'unsure';
}

/** The line under the digit; `invitation` is what an empty pad says. */
export function messageFor(state, { reading, error, invitation }) {
  switch (state) {
    case 'empty':
      return invitation;
    case 'drawing':
    case 'pending':
      return 'Reading…';
    case 'sure':
      return `${percent(reading.confidence)} sure`;
    case 'unsure':
      return reading.digits.length === 1 ? doubt(reading.digits[0]) : doubtOfNumber(reading.digits);
    case 'not-a-digit':
      return reading.digits.length === 1 ? refusal(reading.digits[0]) : 'That does not look like a number.';
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
  if (shown >= 100 && probability < 1) return '>99%';
  return `${shown}%`;
}

/** Whether a digit's answer names one digit at all: ten bars of what is none are alike, and none of them leads. */
export function namesADigit({ is_digit, confidence }) {
  return is_digit || confidence >= NEAR;
}

function doubt({ probabilities, confidence }) {
  const [first, second] = ranked(probabilities);
  return `${first} or ${second}? ${percent(confidence)} sure`;
}

function refusal(answer) {
  return namesADigit(answer)
    ? `That does not look like a digit; the nearest is ${ranked(answer.probabilities)[0]}.`
    : 'That does not look like a digit.';
}

/** Which digit of a number is in doubt most. */
function doubtOfNumber(digits) {
  const place = digits.reduce((least, { confidence }, i) => (confidence < digits[least].confidence ? i : least), 0);
  const ordinal = `${place + 1}${ENDINGS[ORDINALS.select(place + 1)]}`;
  if (!digits[place].is_digit) return `The ${ordinal} may be no digit.`;
  return `The ${ordinal} digit: ${doubt(digits[place])}`;
}

function ranked(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}
