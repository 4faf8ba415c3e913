/** A smooth function of many variables, at one point: its value, and its gradient written into `gradient`. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number | Promise<number>;

export interface Minimum {
  x: Float64Array;
  value: number;
  iterations: number;
  converged: boolean; // false: `maxIterations` were not enough, or no step along the gradient lowers the value
}

export interface MinimiseOptions {
  /** Stop when the largest component of the gradient is at most this, in the unit of value per unit of x. */
  tolerance: number;
  maxIterations: number;
  /**
   * Values that differ by less than this, as a fraction of themselves, are taken for equal: where they are sums of
   * 32-bit floats, the gradient still shows the way when they no longer do.
   */
  resolution?: number;
  onIteration?: (iteration: number, value: number) => void;
}

const MEMORY = 10; // pairs kept; Nocedal & Wright use 3 to 20
const ARMIJO = 1e-4; // Nocedal & Wright, section 3.1
const SMALLEST_STEP = 1e-20;

/**
 * L-BFGS with a backtracking line search (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 3.1).
 * Deterministic: no randomness, and no dependence on time or threads. For convex functions.
 */
export async function minimise(
  f: Smooth,
  start: Float64Array,
  options: MinimiseOptions,
): Promise<Minimum> {
  let x: Float64Array = Float64Array.from(start);
  let gradient: Float64Array = new Float64Array(x.length);
  let value = await f(x, gradient);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];

  for (let iteration = 1; iteration <= options.maxIterations; iteration++) {
    if (largest(gradient) <= options.tolerance) {
      return { x, value, iterations: iteration - 1, converged: true };
    }
    const direction = descent(gradient, steps);
    let slope = dot(direction, gradient);
    if (slope >= 0) {
      // Rounding has spoilt the memory; begin again with the gradient itself.
      steps.length = 0;
      direction.set(gradient.map((each) => -each));
      slope = -dot(gradient, gradient);
    }

    let length = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const nextGradient: Float64Array = new Float64Array(x.length);
    let next = along(x, direction, length);
    let nextValue = await f(next, nextGradient);
    const noise = (options.resolution ?? 0) * Math.abs(value);
    while (!(nextValue <= value + ARMIJO * length * slope + noise)) {
      length /= 2;
      if (length < SMALLEST_STEP) return { x, value, iterations: iteration, converged: false };
      next = along(x, direction, length);
      nextValue = await f(next, nextGradient);
    }

    const s = next.map((each, i) => each - (x[i] ?? 0));
    const y = nextGradient.map((each, i) => each - (gradient[i] ?? 0));
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) steps.push({ s, y, rho: 1 / curvature });
    if (steps.length > MEMORY) steps.shift();

    x = next;
    gradient = nextGradient;
    value = nextValue;
    options.onIteration?.(iteration, value);
  }
  return {
    x,
    value,
    iterations: options.maxIterations,
    converged: largest(gradient) <= options.tolerance,
  };
}

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function descent(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.map((each) => -each);
  const alphas: number[] = [];
  for (const { s, y, rho } of [...steps].reverse()) {
    const alpha = rho * dot(s, q);
    alphas.push(alpha);
    addScaled(q, y, -alpha);
  }
  const last = steps.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < q.length; i++) q[i] = (q[i] ?? 0) * scale;
  }
  for (const { s, y, rho } of steps) {
    addScaled(q, s, (alphas.pop() ?? 0) - rho * dot(y, q));
  }
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function addScaled(target: Float64Array, added: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + factor * (added[i] ?? 0);
}

const along = (x: Float64Array, direction: Float64Array, length: number): Float64Array =>
  x.map((each, i) => each + length * (direction[i] ?? 0));

const largest = (values: Float64Array): number =>
  values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
