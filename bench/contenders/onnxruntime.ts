import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answer, imagesOf, measure, ownTask } from './contender.ts';

/** As far as it is used here; the package lies outside of this project's own. */
interface OnnxRuntime {
  Tensor: new (type: 'uint8', values: Uint8Array, shape: readonly number[]) => object;
  InferenceSession: {
    create(
      file: string,
      options: object,
    ): Promise<{
      run(
        feeds: object,
        fetches: readonly string[],
      ): Promise<Record<string, { data: Float32Array }>>;
    }>;
  };
}

// onnxruntime-node, which only runs networks: how fast the same convolutions can be.
const task = ownTask();
const require = createRequire(join(task.packages, 'package.json'));
const onnxruntime = require('onnxruntime-node') as OnnxRuntime;
const { version } = require('onnxruntime-node/package.json') as { version: string };
const session = await onnxruntime.InferenceSession.create(task.onnx, {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const { px, batch } = task;
const images = new onnxruntime.Tensor('uint8', imagesOf(task), [batch, px, px, 3]);
const output = task.workload === 'logits' ? 'logits' : 'features';
const once = async () =>
  (await session.run({ images }, [output]))[output]?.data ?? new Float32Array();

const versions = { 'onnxruntime-node': version };
if (task.workload === 'logits') await answer(task, versions, await once());
else await measure(task, versions, once);
