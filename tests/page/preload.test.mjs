// The list of what is preloaded is whole, so that no module is found late.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const web = new URL('../../web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, web), 'utf8');

/** The modules that a module imports when it is loaded, those of the modules it imports included. */
function imported(name, found = new Set()) {
  for (const [, other] of read(name).matchAll(/^import[^;]* from '\.\/([\w-]+\.js)';$/gm)) {
    if (found.has(other)) continue;
    found.add(other);
    imported(other, found);
  }
  return found;
}

test('index.html preloads every module that the page begins with, and no other', () => {
  const preloaded = [...read('index.html').matchAll(/<link rel="modulepreload" href="([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(preloaded, [...imported('main.js')].sort());
});
