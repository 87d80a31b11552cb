// The two lists of the page's files are whole: what is preloaded, and what is kept for when there is no network.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
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

test('index.html preloads every module that the page begins with, so that none is found late; and no other', () => {
  const preloaded = [...read('index.html').matchAll(/<link rel="modulepreload" href="([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(preloaded, [...imported('main.js')].sort());
});

test('the service worker keeps every file of the page', () => {
  const [, list] = /const FILES = \[(.*?)\];/s.exec(read('sw.js'));
  const kept = [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name).filter((name) => !name.includes('/'));
  const page = readdirSync(web).filter((name) => /\.(js|css|svg)$/.test(name) && name !== 'sw.js');
  assert.deepEqual(kept, page.sort());
});
