// What goes along from one kind of page to another: the drawing and the list of the last ones, in this tab and for this
// moment. Nothing of it is left behind. No DOM.

import { areStrokes, fromPairs, toPairs } from './copy.js';

const KEY = 'mnist-carried';

/** Leave the strokes on the pad and the history's entries for the next page; `storage` gives sessionStorage, or throws. */
export function carry(storage, { strokes, entries }) {
  try {
    storage().setItem(KEY, JSON.stringify({ strokes: toPairs(strokes), entries }));
  } catch {
    // storing is not allowed: then nothing is carried
  }
}

/** Take what was left: strokes, null where there were none, and entries. */
export function takeCarried(storage) {
  try {
    const { strokes, entries } = JSON.parse(storage().getItem(KEY));
    storage().removeItem(KEY);
    return { strokes: areStrokes(strokes) ? fromPairs(strokes) : null, entries: Array.isArray(entries) ? entries : [] };
  } catch {
    return { strokes: null, entries: [] };
  }
}
