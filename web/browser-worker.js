// Runs the network off the page's thread, so that drawing stays smooth: ONNX Runtime Web, on one thread.
//
// Starts to load at once, and says so: {loaded, total} in bytes, then {ready: true}. From then on each {id, images},
// 784 bytes an image, is answered by {id, probabilities, isDigit}: ten numbers an image, and one 0 or 1. Where anything
// fails, {failure, retry} is the last that is heard.

const SIZE = 28; // px, the side of an image
const SCRIPT = 'runtime/ort.wasm.bundle.min.mjs';
const WASM = 'runtime/ort-wasm-simd-threaded.wasm';
const MODEL = 'model/cnn.onnx';
// Bytes, of the version that package.json names: what is sent compressed does not say how long it will be.
const SIZES = { [SCRIPT]: 73054, [WASM]: 14239897 };

const address = (path) => new URL(path, import.meta.url).href;

/** Why nothing can be predicted; `retry`: later it may. */
class Failure extends Error {
  constructor(message, retry) {
    super(message);
    this.retry = retry;
  }
}

/** Fetches files side by side, and says how far all of them are. */
class Download {
  #parts = new Map(); // path -> {loaded, total}

  /** @returns {Promise<ArrayBuffer[]>} what the files hold */
  all(paths) {
    for (const path of paths) this.#parts.set(path, { loaded: 0, total: SIZES[path] ?? null });
    return Promise.all(paths.map((path) => this.#fetch(path)));
  }

  async #fetch(path) {
    const part = this.#parts.get(path);
    try {
      const response = await fetch(address(path));
      if (response.status === 404) {
        throw new Failure(
          'The parts for predicting in this browser are not installed; `make setup` fetches them.',
          false,
        );
      }
      if (!response.ok) throw new Failure(`${path} was answered ${response.status}.`, response.status >= 500);
      const { headers } = response;
      if (headers.has('Content-Length') && !headers.has('Content-Encoding')) {
        part.total = Number(headers.get('Content-Length'));
      }
      const counted = new TransformStream({
        transform: (chunk, controller) => {
          part.loaded += chunk.length;
          this.#report();
          controller.enqueue(chunk);
        },
      });
      return await new Response(response.body.pipeThrough(counted)).arrayBuffer();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure('The parts for predicting in this browser cannot be fetched.', true);
    }
  }

  #report() {
    const parts = [...this.#parts.values()];
    const sum = (values) => values.reduce((first, second) => first + second, 0);
    const isKnown = parts.every(({ total }) => total !== null);
    postMessage({
      loaded: sum(parts.map(({ loaded }) => loaded)),
      total: isKnown ? sum(parts.map(({ total }) => total)) : null,
    });
  }
}

/** @returns {Promise<(images: Uint8Array) => Promise<{probabilities: Float32Array, isDigit: Uint8Array}>>} */
async function load() {
  const [wasm, model] = await new Download().all([WASM, MODEL, SCRIPT]);
  const { env, InferenceSession, Tensor } = await import(address(SCRIPT)); // by now in the browser's cache
  env.wasm.wasmBinary = wasm;
  env.wasm.numThreads = 1; // more of them need headers that not every host sends, and one is fast enough
  const session = await InferenceSession.create(new Uint8Array(model), { executionProviders: ['wasm'] });
  return async (images) => {
    const shape = [images.length / (SIZE * SIZE), SIZE, SIZE];
    const answer = await session.run({ images: new Tensor('uint8', images, shape) }, ['probabilities', 'is_digit']);
    return { probabilities: answer.probabilities.data, isDigit: answer.is_digit.data };
  };
}

/** Say why this is the end; `what` failed, where the error does not tell by itself. */
function fail(error, what, retry) {
  const told = error instanceof Failure ? error : new Failure(`${what}: ${error.message}`, retry);
  postMessage({ failure: told.message, retry: told.retry });
}

const running = load().then(async (run) => {
  await run(new Uint8Array(SIZE * SIZE)); // the first one allocates
  postMessage({ ready: true });
  return run;
});
running.catch((error) => fail(error, 'Predicting cannot start in this browser', false));

let last = running; // one at a time: the runtime refuses to be called while it runs
addEventListener('message', ({ data: { id, images } }) => {
  last = last.then(async (run) => {
    postMessage({ id, ...(await run(images)) });
    return run;
  });
  last.catch((error) => fail(error, 'Predicting in this browser stopped', true));
});
