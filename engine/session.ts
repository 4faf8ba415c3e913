import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { DATA_TYPES, type Graph, type GraphTensor, type Shape } from './graph.ts';
import { fullName, SAVED_MODEL_FILE, savedModelBytes } from './saved-model.ts';
import { tf } from './tensorflow/load.ts';

/** What is put into a placeholder; its bytes are lent to TensorFlow, not copied, while the session runs. */
export interface Feed {
  into: GraphTensor;
  values: Float32Array | Int32Array | Uint8Array;
  shape: Shape;
}

/** A graph that can be run. Its variables live as long as it does, and are its own. */
export interface Session {
  /** One call of TensorFlow's session; it blocks this thread until everything is computed. */
  run(feeds: readonly Feed[], fetches: readonly GraphTensor[]): Float32Array[];
  dispose(): void;
}

/**
 * Gives a graph to TensorFlow, which optimises it for each set of fetches when it is first run.
 *
 * tfjs-node opens sessions only from SavedModels, so the graph goes through a folder that is gone when this returns.
 */
export function openSession(graph: Graph): Session {
  const { binding } = tf.backend() as NodeJSKernelBackend;
  const folder = mkdtempSync(join(tmpdir(), 'understudy-graph-'));
  let id: number;
  try {
    writeFileSync(join(folder, SAVED_MODEL_FILE), savedModelBytes(graph, []));
    id = binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  let isOpen = true;

  return {
    run(feeds, fetches) {
      if (!isOpen) throw new Error('This graph was disposed of.');
      const lent: number[] = [];
      try {
        for (const { into, values, shape } of feeds) {
          lent.push(binding.createTensor([...shape], DATA_TYPES[into.dtype], values));
        }
        const names = (tensors: readonly GraphTensor[]) => tensors.map(fullName).join(',');
        return binding
          .runSavedModel(id, lent, names(feeds.map(({ into }) => into)), names(fetches))
          .map((output) => {
            const values = binding.tensorDataSync(output.id) as Float32Array;
            binding.deleteTensor(output.id);
            return values;
          });
      } finally {
        for (const tensor of lent) binding.deleteTensor(tensor);
      }
    },
    dispose() {
      if (!isOpen) return;
      isOpen = false;
      binding.deleteSavedModel(id);
    },
  };
}
