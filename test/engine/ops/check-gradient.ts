import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { type GraphTensor, newGraph, type Shape } from '#engine/graph.ts';
import { openSession } from '#engine/session.ts';
import { newTape, type Tape } from '#engine/tape.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { difference, randomFloats } from '../networks.ts';

/** An operation of the engine beside that of stock tfjs. */
export interface Case {
  /** The shapes of the inputs. A first size of N is left open in the graph, as the number of examples is. */
  shapes: Shape[];
  ours: (tape: Tape, inputs: readonly GraphTensor[]) => GraphTensor;
  theirs: (inputs: readonly tf.Tensor[]) => tf.Tensor;
  /** The shapes of further inputs, which have no gradient. */
  fixed?: Shape[];
  spread?: number; // inputs lie between -spread and spread; 1 if left out
}

export const N = 9; // examples; no other size equals it

/** The input of a tfjs operation, as the rank that it wants. */
export const input = <T extends tf.Tensor = tf.Tensor>(inputs: readonly tf.Tensor[], i: number) =>
  at(inputs, i) as T;

/** Tests that operations compute what stock tfjs computes, with the same gradients. */
export function checkGradients(cases: Record<string, Case>): void {
  describe.each(Object.entries(cases))('%s', (_, each) => {
    it('gives the values and the gradients of stock tfjs', () => {
      const values = randomInputs(each);
      const operation = open(each);
      const shapes = [...each.shapes, ...(each.fixed ?? [])];
      const tensors = values.map((value, i) => tf.tensor(value, [...at(shapes, i)]));
      const expected = each.theirs(tensors);
      const seed = randomFloats(expected.size, 99);
      const fixed = tensors.slice(each.shapes.length);
      const stock = tf.grads((...inputs: tf.Tensor[]) => each.theirs([...inputs, ...fixed]));
      const trained = tensors.slice(0, each.shapes.length);
      const gradients = stock(trained, tf.tensor(seed, expected.shape));

      expect(difference(operation.y(values), expected.dataSync())).toBeLessThan(1e-4);
      for (const [i, ours] of operation.gradients(values, seed).entries()) {
        expect(difference(ours, at(gradients, i).dataSync())).toBeLessThan(1e-4);
      }
      operation.dispose();
    });

    it('has gradients that agree with finite differences', () => {
      const values = randomInputs(each);
      const operation = open(each);
      const seed = randomFloats(operation.y(values).length, 99);
      const loss = () =>
        operation.y(values).reduce((sum, value, i) => sum + value * at(seed, i), 0);

      for (const [i, gradient] of operation.gradients(values, seed).entries()) {
        const changed = at(values, i);
        for (const place of [0, Math.floor(changed.length / 2), changed.length - 1]) {
          const before = at(changed, place);
          const step = 1e-2;
          changed[place] = before + step;
          const above = loss();
          changed[place] = before - step;
          const below = loss();
          changed[place] = before;
          const slope = (above - below) / (2 * step);
          expect(Math.abs(slope - at(gradient, place))).toBeLessThan(1e-2);
        }
      }
      operation.dispose();
    });
  });
}

/** Random inputs of a case; the fixed ones are positive, as variances have to be. */
function randomInputs({ shapes, fixed = [], spread = 1 }: Case): Float32Array[] {
  const sizes = [...shapes, ...fixed].map((shape) => tf.util.sizeFromShape([...shape]));
  return sizes.map((size, i) =>
    randomFloats(size, i + 1).map((each) => (i < shapes.length ? spread * each : 1 + each / 2)),
  );
}

/** A case as a graph: its output y, and the gradients of the sum of y * seed. */
function open({ shapes, fixed = [], ours }: Case) {
  const graph = newGraph();
  const tape = newTape(graph);
  const all = [...shapes, ...fixed];
  const inputs = all.map((shape, i) => {
    const isOpen = i < shapes.length && shape[0] === N;
    return graph.placeholder(`x${i}`, 'float32', isOpen ? [-1, ...shape.slice(1)] : shape);
  });
  for (const each of inputs.slice(0, shapes.length)) tape.watch(each);
  const y = ours(tape, inputs);
  const seed = graph.placeholder('seed', 'float32', y.shape);
  // A session returns no placeholder, and some gradients are nothing but the seed.
  const identity = graph.add('Identity', [seed], { T: { type: 'float32' } }, y.shape);
  const gradients = tape.gradients(y, identity, inputs.slice(0, shapes.length));
  const session = openSession(graph);
  const feeds = (values: readonly Float32Array[]) =>
    inputs.map((into, i) => ({ into, values: at(values, i), shape: at(all, i) }));

  return {
    y: (values: readonly Float32Array[]) => at(session.run(feeds(values), [y]), 0),
    gradients(values: readonly Float32Array[], dy: Float32Array) {
      const shape = y.shape.map((size) => (size === -1 ? N : size));
      return session.run([...feeds(values), { into: seed, values: dy, shape }], gradients);
    },
    dispose: session.dispose,
  };
}
