// Fastify and TensorFlow.js on WebAssembly, with the weights that tfjs_weights.py wrote: node fastify_tfjs.mjs PORT WEIGHTS

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

import { serve } from './digits_server.mjs';

const [port, file] = process.argv.slice(2);
setWasmPaths(fileURLToPath(new URL('node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url)));
await tf.setBackend('wasm');

const model = JSON.parse(readFileSync(file));
const layers = model.layers.map((layer) => ({
  ...layer,
  ...(layer.kernel && { kernel: tf.tensor(layer.kernel.values, layer.kernel.shape) }),
  ...(layer.bias && { bias: tf.tensor1d(layer.bias.values) }),
}));
const APPLY = {
  conv: (x, { kernel, bias, stride, pad }) => tf.fused.conv2d(
    { x, filter: kernel, strides: stride, pad: [[0, 0], [pad, pad], [pad, pad], [0, 0]], bias, activation: 'relu' }),
  pool: (x, { pad }) => tf.maxPool(x, 2, 2, pad),
  dense: (x, { kernel, bias }) => tf.fused.matMul({ a: tf.reshape(x, [x.shape[0], -1]), b: kernel, bias }),
};

// (N, 28, 28) in 0-255 -> logits (N, 10)
const logits = (images, count) => tf.tidy(() => {
  const x = tf.tensor4d(Float32Array.from(images, (value) => (value - model.mean) / model.std), [count, 28, 28, 1]);
  return layers.reduce((activations, layer) => APPLY[layer.kind](activations, layer), x).dataSync();
});

// What mnist_model/recogniser.py makes of logits: probabilities of digits, and whether it is likely enough to be one.
function recognise(values, count) {
  const probabilities = new Float64Array(count * 10);
  const isDigit = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const row = values.subarray(index * 10, index * 10 + 10);
    const logOdds = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    const digit = 1 / (1 + Math.exp(-logOdds));
    const powers = row.map((value) => Math.exp(value / model.temperature));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, other) => { probabilities[index * 10 + other] = digit * power / sum + (1 - digit) / 10; });
    isDigit[index] = logOdds >= model.min_log_odds;
  }
  return { probabilities, isDigit };
}

await serve(Number(port), (images, count) => recognise(logits(images, count), count));
