// The service worker: lets the page open without a network, as one whole version of it, never a mixture.
//
// While there is a network, everything comes from there, and what is kept is not looked at. A page that could not be
// had from the network is taken from the set that was kept, and so is all that this page loads. offline.js says when
// to keep; each version is a cache of its own, named by what is in it. Which page came from where is remembered while
// this worker lives; browsers end it some 30 s after its last work, and then a page from the network that loses it may
// get a part that was kept.

const PREFIX = 'digits-';
const DOCUMENT = './';
const FILES = [
  DOCUMENT,
  'address.js',
  'answer-view.js',
  'answer.js',
  'browser-worker.js',
  'browser.js',
  'carry.js',
  'compare.js',
  'controls.js',
  'copy.js',
  'drawing.css',
  'drawing.js',
  'geometry.js',
  'history-view.js',
  'history.js',
  'icon.svg',
  'images.js',
  'ink.js',
  'load-picture.js',
  'main.js',
  'mode.js',
  'newest.js',
  'no-answer.js',
  'numbers.js',
  'occlusion.js',
  'offline.js',
  'pad.js',
  'panels.css',
  'picture.js',
  'preprocessing.js',
  'put.js',
  'reader.js',
  'samples.js',
  'sees.js',
  'server.js',
  'spline.js',
  'style.css',
  'tasks.js',
  'why.js',
  'runtime/ort.wasm.bundle.min.mjs',
  'runtime/ort-wasm-simd-threaded.wasm',
  'model/cnn.onnx',
];
const READINGS = 4; // of all files, until two agree
const NETWORK = Symbol('network');

const sources = new Map(); // id of a page or its worker -> where all of it comes from: NETWORK, or a Cache
let keeping = Promise.resolve(); // one at a time, whatever many tabs ask

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('message', (event) => {
  keeping = keeping.then(keep).then(
    () => true,
    async () => (await current()) !== null, // as without a network, where a set was kept before
  );
  event.waitUntil(keeping.then((isKept) => event.ports[0].postMessage(isKept)));
});
addEventListener('fetch', (event) => {
  // The inference API is another origin, and what it is asked is a POST: neither is any business of this one.
  if (event.request.method !== 'GET' || !event.request.url.startsWith(registration.scope)) return;
  event.respondWith(answer(event));
});

async function answer({ request, clientId, resultingClientId }) {
  const isPage = request.mode === 'navigate';
  const source = isPage ? undefined : sources.get(clientId);
  if (source instanceof Cache) {
    if (resultingClientId) sources.set(resultingClientId, source); // a worker of a page that was kept
    return (await find(source, request)) ?? fetch(request);
  }
  try {
    const response = await fetch(request, { cache: 'no-cache' }); // asks for each, so that none is of an older version
    if (isPage) sources.set(resultingClientId, NETWORK);
    return response;
  } catch (error) {
    // A page that came from the network may be newer than what is kept: rather nothing than a mixture.
    const cache = source === NETWORK ? null : await current();
    const kept = cache && (await find(cache, request));
    if (!kept) throw error;
    if (resultingClientId) sources.set(resultingClientId, cache);
    return kept;
  }
}

/** The kept answer to a request; any navigation is one to the page. */
async function find(cache, request) {
  const anyQuery = { ignoreSearch: true, ignoreVary: true };
  const found = await cache.match(request, anyQuery);
  return found ?? (request.mode === 'navigate' ? cache.match(DOCUMENT, anyQuery) : undefined);
}

/** The newest set that is whole; null where there is none. */
async function current() {
  for (const name of (await setNames()).reverse()) {
    const cache = await caches.open(name);
    if (await cache.match(DOCUMENT)) return cache;
  }
  return null;
}

/** In the order in which they were made. */
async function setNames() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** Keep the version that is now on the network, and then drop the one before. */
async function keep() {
  const { version, files } = await read();
  const name = PREFIX + version;
  if (!(await isWhole(name))) {
    await caches.delete(name); // what an interruption left
    const cache = await caches.open(name);
    // The document goes last: a set that has it is whole.
    for (const { path, response } of files.reverse()) await cache.put(path, response);
  }
  for (const other of await setNames()) if (other !== name) await caches.delete(other);
  // What is kept is now as new as the pages that came from the network.
  for (const [id, source] of sources) if (source === NETWORK) sources.delete(id);
}

async function isWhole(name) {
  return (await caches.has(name)) && Boolean(await (await caches.open(name)).match(DOCUMENT));
}

/**
 * All files, of one version: a new one may be put in place while they are read, so they are read until nothing has
 * changed meanwhile. What the browser has already is not sent again.
 */
async function read() {
  let before = null;
  for (let reading = 0; reading < READINGS; reading += 1) {
    const files = await Promise.all(FILES.map(readOne));
    const version = await digestOf(new TextEncoder().encode(files.map(({ digest }) => digest).join()));
    if (version === before || (await isWhole(PREFIX + version))) return { version, files };
    before = version;
  }
  throw new Error('the page changes faster than it can be read');
}

async function readOne(path) {
  const response = await fetch(path, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
  const body = await response.arrayBuffer();
  const headers = new Headers(response.headers);
  headers.delete('Content-Encoding'); // it is decoded by now
  headers.set('Content-Length', body.byteLength);
  return { path, response: new Response(body, { headers }), digest: await digestOf(body) };
}

async function digestOf(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
