import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { DATA_TYPES, type Graph, type GraphTensor, type Shape } from './graph.ts';
import { fullName, SAVED_MODEL_FILE, savedModelBytes } from './saved-model.ts';
import { tf } from './tensorflow/load.ts';

/** The value of a placeholder. TensorFlow borrows its memory while the session runs, without a copy. */
export interface Feed {
  into: GraphTensor;
  values: Float32Array | Int32Array | Uint8Array;
  shape: Shape;
}

/** A graph that can be run. Its variables are not shared, and live as long as it does. */
export interface Session {
  /** Makes one call to TensorFlow's session, which blocks this thread until everything is computed. */
  run(feeds: readonly Feed[], fetches: readonly GraphTensor[]): Float32Array[];
  dispose(): void;
}

/**
 * Loads a graph into TensorFlow, which optimises it for each set of fetches at the first run.
 *
 * tfjs-node opens sessions only from SavedModels, so the graph passes through a temporary folder.
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
      if (!isOpen) throw new Error('This session has been disposed.');
      const tensors: number[] = []; // ids of tensors that borrow the feeds' memory
      try {
        for (const { into, values, shape } of feeds) {
          tensors.push(binding.createTensor([...shape], DATA_TYPES[into.dtype], values));
        }
        const names = (nodes: readonly GraphTensor[]) => nodes.map(fullName).join(',');
        return binding
          .runSavedModel(id, tensors, names(feeds.map(({ into }) => into)), names(fetches))
          .map((output) => {
            const values = binding.tensorDataSync(output.id) as Float32Array;
            binding.deleteTensor(output.id);
            return values;
          });
      } finally {
        for (const tensor of tensors) binding.deleteTensor(tensor);
      }
    },
    dispose() {
      if (!isOpen) return;
      isOpen = false;
      binding.deleteSavedModel(id);
    },
  };
}
