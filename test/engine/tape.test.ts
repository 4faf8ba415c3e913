import { describe, expect, it } from 'vitest';
import { newGraph } from '#engine/graph.ts';
import { relu } from '#engine/ops/activation.ts';
import { matMul } from '#engine/ops/arithmetic.ts';
import { newTape } from '#engine/tape.ts';

describe('gradients', () => {
  it('are refused with respect to tensors that the result does not depend on', () => {
    const graph = newGraph();
    const tape = newTape(graph);
    const a = tape.watch(graph.placeholder('a', 'float32', [2]));
    const b = tape.watch(graph.placeholder('b', 'float32', [2]));

    expect(() => tape.gradients(relu(tape, a), a, [b])).toThrow('does not depend on b');
  });

  it('are written only with respect to watched tensors', () => {
    const graph = newGraph();
    const tape = newTape(graph);
    const x = graph.placeholder('x', 'float32', [-1, 3]);
    const kernel = tape.watch(graph.placeholder('kernel', 'float32', [3, 2]));
    const y = matMul(tape, relu(tape, x), kernel);
    const before = graph.size;

    tape.gradients(y, y, [kernel]);

    expect(graph.size - before).toBe(1); // none for x
  });
});
