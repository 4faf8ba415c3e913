import { describe, expect, it } from 'vitest';
import { gramFactor } from '#engine/gram-factor.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';

const [N, D, C] = [6, 40, 2];

const random = mulberry32(1);
const x = Float32Array.from({ length: N * D }, () => 2 * random() - 1);
const v = Float32Array.from({ length: N * C }, () => 2 * random() - 1);

const product = (a: Float32Array, b: (j: number, k: number) => number, rows: number, k: number) =>
  Float32Array.from({ length: rows * k }, (_, i) => {
    const [row, column] = [Math.floor(i / k), i % k];
    const inner = a.length / rows;
    let sum = 0;
    for (let j = 0; j < inner; j++) sum += (a[row * inner + j] ?? 0) * b(j, column);
    return sum;
  });

describe('gramFactor', () => {
  const factor = gramFactor(x, N);

  it('has the inner products of the examples', () => {
    const own = product(factor.rows, (j, k) => factor.rows[k * N + j] ?? 0, N, N);
    const expected = product(x, (j, k) => x[k * D + j] ?? 0, N, N);
    for (const [i, each] of own.entries()) expect(each).toBeCloseTo(expected[i] ?? 0, 3);
  });

  it('extends a linear function to all features, with the same values and the same length', () => {
    const w = factor.extend(v, C); // [D, C]
    const values = product(x, (j, k) => w[j * C + k] ?? 0, N, C);
    const expected = product(factor.rows, (j, k) => v[j * C + k] ?? 0, N, C);
    for (const [i, each] of values.entries()) expect(each).toBeCloseTo(expected[i] ?? 0, 4);
    const squares = (all: Float32Array) => all.reduce((sum, each) => sum + each * each, 0);
    expect(squares(w)).toBeCloseTo(squares(v), 3);
  });

  it('copes with equal examples', () => {
    const twice = Float32Array.from([...x.subarray(0, D), ...x.subarray(0, D)]);
    const equal = gramFactor(twice, 2);
    const values = product(twice, (j) => equal.extend(Float32Array.of(1, 0), 1)[j] ?? 0, 2, 1);
    expect(values[0]).toBeCloseTo(values[1] ?? Number.NaN, 3);
    equal.dispose();
  });
});

describe('gramFactor, of a matrix of low rank', () => {
  it.each([
    ['nearly equal rows, as frames of a video have', 10, 1e-3],
    ['equal rows', 3, 0],
    ['zeros', 0, 0],
  ])('is finite for %s', (_, groups, noise) => {
    const [n, d] = [200, 1_280];
    const centres = Array.from({ length: groups * d }, () => 2 * random() - 1);
    const rows = Float32Array.from({ length: n * d }, (_value, i) => {
      const group = Math.floor(i / d) % Math.max(1, groups);
      return (centres[group * d + (i % d)] ?? 0) + noise * (2 * random() - 1);
    });

    const factor = gramFactor(rows, n);

    expect(factor.rows.every(Number.isFinite)).toBe(true);
    expect(factor.extend(new Float32Array(n * C).fill(1), C).every(Number.isFinite)).toBe(true);
    factor.dispose();
  });
});
