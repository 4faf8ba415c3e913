/** A smooth function of many variables: returns its value at `x`, and writes its gradient into `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number | Promise<number>;

export interface Minimum {
  x: Float64Array;
  value: number;
  iterations: number;
  converged: boolean; // false: `maxIterations` were reached, or no step along the gradient lowers the value
}

export interface LbfgsOptions {
  /** Stop when no component of the gradient exceeds this, in units of the value per unit of x. */
  tolerance: number;
  maxIterations: number;
  /**
   * Values whose relative difference is smaller are treated as equal. If they are sums of float32 values, the gradient is
   * still accurate where the differences between them are only rounding.
   */
  resolution?: number;
  /** Multiplies a vector by a symmetric positive definite matrix that is close to the inverse Hessian; linear. */
  precondition?: (vector: Float64Array) => Float64Array;
  onIteration?: (iteration: number, value: number) => void;
}

const MEMORY = 10; // correction pairs; Nocedal & Wright use 3 to 20
const ARMIJO = 1e-4; // Nocedal & Wright, section 3.1
const MIN_STEP = 1e-20;

/**
 * L-BFGS with a backtracking line search (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 3.1). The
 * preconditioner takes the place of the multiple of the identity from which the inverse Hessian is built up.
 * Deterministic: neither randomness nor time nor threads matter. For convex functions.
 */
export async function lbfgs(
  f: Objective,
  start: Float64Array,
  options: LbfgsOptions,
): Promise<Minimum> {
  let x: Float64Array = Float64Array.from(start);
  let gradient: Float64Array = new Float64Array(x.length);
  let value = await f(x, gradient);
  const { precondition = (vector) => vector } = options;
  let scaled = precondition(gradient);
  const steps: Step[] = [];

  for (let iteration = 1; iteration <= options.maxIterations; iteration++) {
    if (largest(gradient) <= options.tolerance) {
      return { x, value, iterations: iteration - 1, converged: true };
    }
    const direction = descent(gradient, scaled, steps);
    let slope = dot(direction, gradient);
    if (!Number.isFinite(slope)) return { x, value, iterations: iteration, converged: false };
    if (slope >= 0) {
      // Rounding has spoilt the memory; start again from the gradient.
      steps.length = 0;
      direction.set(scaled.map((each) => -each));
      slope = -dot(scaled, gradient);
    }

    let length =
      steps.length === 0 && !options.precondition ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const nextGradient: Float64Array = new Float64Array(x.length);
    let next = along(x, direction, length);
    let nextValue = await f(next, nextGradient);
    const noise = (options.resolution ?? 0) * Math.abs(value);
    while (!(nextValue <= value + ARMIJO * length * slope + noise)) {
      length /= 2;
      if (!(length >= MIN_STEP)) return { x, value, iterations: iteration, converged: false };
      next = along(x, direction, length);
      nextValue = await f(next, nextGradient);
    }

    const s = next.map((each, i) => each - (x[i] ?? 0));
    const y = nextGradient.map((each, i) => each - (gradient[i] ?? 0));
    const nextScaled = precondition(nextGradient);
    const isScaled = nextScaled !== nextGradient;
    const scaledY = isScaled ? nextScaled.map((each, i) => each - (scaled[i] ?? 0)) : y;
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) steps.push({ s, y, scaledY, rho: 1 / curvature });
    if (steps.length > MEMORY) steps.shift();

    x = next;
    gradient = nextGradient;
    scaled = nextScaled;
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

/** A step and the difference that it made to the gradient, also preconditioned. */
interface Step {
  s: Float64Array;
  y: Float64Array;
  scaledY: Float64Array;
  rho: number; // 1 / sᵀy
}

/**
 * The two-loop recursion: the approximate inverse Hessian times the negative gradient. Preconditioning is linear, so that the
 * first loop can follow the preconditioned vector along with the vector itself.
 */
function descent(
  gradient: Float64Array,
  scaled: Float64Array,
  steps: readonly Step[],
): Float64Array {
  const q = gradient.map((each) => -each);
  const result = scaled === gradient ? q : scaled.map((each) => -each);
  const alphas: number[] = [];
  for (const { s, y, scaledY, rho } of [...steps].reverse()) {
    const alpha = rho * dot(s, q);
    alphas.push(alpha);
    addScaled(q, y, -alpha);
    if (result !== q) addScaled(result, scaledY, -alpha);
  }
  const last = steps.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.scaledY));
    for (let i = 0; i < result.length; i++) result[i] = (result[i] ?? 0) * scale;
  }
  for (const { s, y, rho } of steps) {
    addScaled(result, s, (alphas.pop() ?? 0) - rho * dot(y, result));
  }
  return result;
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
