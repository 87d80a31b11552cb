// What the page's address says: the kind of drawing, and who reads it. No DOM.

const KINDS = ['number', 'compare']; // beside the page for one digit, which has no name

/**
 * @param {string} search the part of an address from its ? on
 * @returns {{kind: ''|'number'|'compare', mode: 'server'|'browser'}}
 */
export function parseAddress(search) {
  const asked = new URLSearchParams(search);
  return {
    kind: KINDS.find((kind) => asked.has(kind)) ?? '',
    mode: asked.get('mode') === 'browser' ? 'browser' : 'server',
  };
}

/** The address that says so, relative to the page's own. */
export function addressOf({ kind, mode }) {
  const parts = [kind, mode === 'browser' ? 'mode=browser' : ''].filter((part) => part !== '');
  return parts.length > 0 ? `?${parts.join('&')}` : './';
}
