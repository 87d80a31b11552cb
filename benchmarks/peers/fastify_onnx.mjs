// Fastify and ONNX Runtime with the same file as our own server: node fastify_onnx.mjs PORT MODEL [MAX_BATCH]

import { InferenceSession, Tensor } from 'onnxruntime-node';

import { serve } from './digits_server.mjs';

const [port, model, maxBatch = 64] = process.argv.slice(2);
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });

await serve(Number(port), async (images, count) => {
  const outputs = await session.run({ images: new Tensor('uint8', images, [count, 28, 28]) });
  return { probabilities: outputs.probabilities.data, isDigit: outputs.is_digit.data };
}, Number(maxBatch));
