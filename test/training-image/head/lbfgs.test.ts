import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lbfgs, type Objective } from '#training-image/head/lbfgs.ts';

const options = { tolerance: 1e-9, maxIterations: 500 };

describe('lbfgs', () => {
  it('finds the minimum of any convex quadratic, which has a closed form', async () => {
    const scale = fc.double({ min: 0.01, max: 100, noNaN: true });
    const place = fc.double({ min: -10, max: 10, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(scale, place), { minLength: 1, maxLength: 20 }),
        async (terms) => {
          const bowl: Objective = (x, gradient) =>
            terms.reduce((sum, [a, c], i) => {
              const off = (x[i] ?? 0) - c;
              gradient[i] = 2 * a * off;
              return sum + a * off * off;
            }, 0);
          const { x, converged } = await lbfgs(bowl, new Float64Array(terms.length), {
            ...options,
            tolerance: 1e-6,
          });

          expect(converged).toBe(true);
          for (const [i, [, c]] of terms.entries())
            expect(Math.abs((x[i] ?? 0) - c)).toBeLessThan(1e-3);
        },
      ),
      { seed: 1 },
    );
  });

  it('finds the end of Rosenbrock’s valley at (1, 1)', async () => {
    const rosenbrock: Objective = (point, gradient) => {
      const [x = 0, y = 0] = point;
      gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x);
      gradient[1] = 200 * (y - x * x);
      return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
    };
    const { x, converged } = await lbfgs(rosenbrock, Float64Array.of(-1.2, 1), options);

    expect(converged).toBe(true);
    expect(x[0]).toBeCloseTo(1, 6);
    expect(x[1]).toBeCloseTo(1, 6);
  });

  it('says so when it is not done', async () => {
    const slope: Objective = (x, gradient) => {
      gradient[0] = 1;
      return x[0] ?? 0;
    };

    expect(await lbfgs(slope, new Float64Array(1), { ...options, maxIterations: 5 })).toMatchObject(
      {
        converged: false,
        iterations: 5,
      },
    );
  });

  it('follows the gradient where the value is too coarse to show the way', async () => {
    let asked = 0;
    const coarse: Objective = (x, gradient) => {
      asked += 1;
      let sum = 1000;
      for (const [i, each] of x.entries()) {
        gradient[i] = 2 * (i + 1) * (each - 1);
        sum += (i + 1) * (each - 1) ** 2;
      }
      return Math.fround(sum); // in 32 bits
    };
    const start = Float64Array.of(1.002, 0.999, 1.001, 0.998);

    const { x, converged } = await lbfgs(coarse, start, { ...options, resolution: 1e-6 });

    expect(converged).toBe(true);
    for (const each of x) expect(each).toBeCloseTo(1, 6);
    expect(asked).toBeLessThan(30);

    asked = 0;
    expect((await lbfgs(coarse, start, options)).converged).toBe(false); // without it
    expect(asked).toBeGreaterThan(60);
  });

  it('ends where the gradient or the value is not a number', async () => {
    const nowhere: Objective = (_, gradient) => {
      gradient[0] = Number.NaN;
      return Number.NaN;
    };
    const cliff: Objective = (x, gradient) => {
      gradient[0] = 1;
      return x[0] === 0 ? 0 : Number.NaN;
    };

    expect(await lbfgs(nowhere, new Float64Array(1), options)).toMatchObject({ converged: false });
    expect(await lbfgs(cliff, new Float64Array(1), options)).toMatchObject({ converged: false });
  });
});
