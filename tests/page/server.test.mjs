// The client of the inference API, against a real HTTP server on loopback.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { NoAnswer } from '../../web/no-answer.js';
import { Server } from '../../web/server.js';

const answer = { digit: 7, confidence: 1, is_digit: true, probabilities: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0] };
let http;
let server;
let reply; // what the server does with the next request
let received;

before(async () => {
  http = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      received = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks) };
      reply(response);
    });
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  server = new Server(`http://127.0.0.1:${http.address().port}`);
});

after(() => {
  http.closeAllConnections();
  http.close();
});

const respond = (status, body) => (response) => {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body);
};
const predict = () => server.predict([new Uint8Array(784).fill(3)], new AbortController().signal);

test('784 raw bytes are sent without a content type, which would need a preflight', async () => {
  reply = respond(200, JSON.stringify(answer));
  assert.deepEqual(await predict(), [answer]);
  assert.equal(received.method, 'POST');
  assert.equal(received.url, '/predictions/mnist');
  assert.equal(received.headers['content-type'], undefined);
  assert.deepEqual(received.body, Buffer.alloc(784, 3));
});

test('many images are one body, answered in order', async () => {
  const other = { ...answer, digit: 3 };
  reply = respond(200, JSON.stringify({ predictions: [answer, other] }));
  const images = [new Uint8Array(784).fill(1), new Uint8Array(784).fill(2)];
  assert.deepEqual(await server.predict(images, new AbortController().signal), [answer, other]);
  assert.deepEqual(received.body, Buffer.concat([Buffer.alloc(784, 1), Buffer.alloc(784, 2)]));
});

test('explanations are asked for at their own address, of the model that is named', async () => {
  const explained = { ...answer, relevance: Array(784).fill(0) };
  reply = respond(200, JSON.stringify(explained));
  const mlp = new Server(server.url, 'mnist_mlp');
  assert.deepEqual(await mlp.explain([new Uint8Array(784)], new AbortController().signal), [explained]);
  assert.equal(received.url, '/explanations/mnist_mlp');
});

for (const [name, status, body, retry, words] of [
  ['fewer answers than images are of another form', 200, '{"predictions": []}', false, /another form/],
  ['a refusal is not retried', 400, '{"code": 400, "type": "X", "message": "expected ink"}', false, /400: expected ink/],
  ['a full queue is retried', 503, '{"code": 503, "message": "no worker"}', true, /503: no worker/],
  ['broken JSON is retried', 200, '{"digit":', true, /something unreadable/],
  ['an answer of another form is said to be one', 200, '{}', false, /another form/],
]) {
  test(name, async () => {
    reply = respond(status, body);
    await assert.rejects(predict, (error) => {
      assert.ok(error instanceof NoAnswer);
      assert.equal(error.retry, retry);
      assert.match(error.message, words);
      return true;
    });
  });
}

test('an answer that is null is of another form', async () => {
  reply = respond(200, 'null');
  await assert.rejects(predict, (error) => error instanceof NoAnswer && /another form/.test(error.message));
});

test('an answer that stops in the middle can be aborted', async () => {
  reply = (response) => response.write('{"digit": ');
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(server.predict([new Uint8Array(784)], controller.signal), NoAnswer);
});

test('a server that hangs up is retried', async () => {
  reply = (response) => response.destroy();
  await assert.rejects(predict, (error) => error.retry && /cannot be reached/.test(error.message));
});

test('an aborted question ends at once', async () => {
  reply = () => {};
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(server.predict([new Uint8Array(784)], controller.signal), NoAnswer);
});

test('ping tells whether the server is there', async () => {
  reply = respond(200, '{"status": "Healthy"}');
  await server.ping();
  assert.equal(received.url, '/ping');
  await assert.rejects(new Server('http://127.0.0.1:1').ping(), NoAnswer);
});
