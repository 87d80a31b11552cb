// The HTTP side of both servers in JavaScript: Fastify in front of a network, requests that wait answered together.

import Fastify from 'fastify';

export const PIXELS = 784;

// Answers POST /predictions/mnist on loopback. `predict` takes N·784 bytes and N, and returns (a promise of) N·10
// probabilities and N flags, whether it is a digit.
export async function serve(port, predict, maxBatch = 64) {
  const waiting = [];

  // What came in since the event loop last looked at the sockets goes through the network in one batch.
  async function answerWaiting() {
    const batch = waiting.splice(0, maxBatch);
    if (waiting.length) setImmediate(answerWaiting);
    try {
      const images = new Uint8Array(batch.length * PIXELS);
      batch.forEach(({ pixels }, index) => images.set(pixels, index * PIXELS));
      const { probabilities, isDigit } = await predict(images, batch.length);
      batch.forEach(({ resolve }, index) =>
        resolve(toJson(probabilities.subarray(index * 10, index * 10 + 10), isDigit[index])));
    } catch (error) {
      batch.forEach(({ reject }) => reject(error));
    }
  }

  const app = Fastify({ logger: false, exposeHeadRoutes: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      done(null, JSON.parse(body)); // no look for __proto__: an array of numbers is all that is taken
    } catch (error) {
      error.statusCode = 400;
      done(error);
    }
  });
  app.post('/predictions/mnist', (request, reply) => {
    const pixels = request.body;
    if (!(Array.isArray(pixels) || pixels instanceof Uint8Array) || pixels.length !== PIXELS) {
      const found = pixels?.length ?? typeof pixels;
      return reply.code(400).send({ code: 400, message: `expected ${PIXELS} pixel values, got ${found}` });
    }
    if (!waiting.length) setImmediate(answerWaiting);
    waiting.push({
      pixels,
      resolve: (json) => reply.header('content-type', 'application/json').send(json),
      reject: (error) => reply.send(error),
    });
  });
  await app.listen({ host: '127.0.0.1', port });
}

function toJson(probabilities, isDigit) {
  let digit = 0;
  for (let other = 1; other < 10; other++) if (probabilities[other] > probabilities[digit]) digit = other;
  const rounded = Array.from(probabilities, (value) => Math.round(value * 1e7) / 1e7); // half the text of a float32
  return JSON.stringify(
    { digit, confidence: rounded[digit], is_digit: Boolean(isDigit), probabilities: rounded });
}
