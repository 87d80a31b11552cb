// What the page's address says.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressOf, parseAddress } from '../../web/address.js';

for (const [search, kind, mode] of [
  ['', '', 'server'],
  ['?mode=browser', '', 'browser'],
  ['?number', 'number', 'server'],
  ['?number&mode=browser', 'number', 'browser'],
  ['?compare', 'compare', 'server'],
]) {
  test(`${search || 'nothing'} says ${kind || 'one digit'}, ${mode}, and back`, () => {
    assert.deepEqual(parseAddress(search), { kind, mode });
    assert.equal(addressOf({ kind, mode }), search || './');
  });
}

test('what is not known is left out', () => {
  assert.deepEqual(parseAddress('?mode=telepathy&number=&x=1'), { kind: 'number', mode: 'server' });
});
