import { type Problem, problem } from '#core/problem.ts';

/** A network, or a part of it, that the engine cannot write as a graph; tfjs itself may still run it. */
export const notKnown = (where: string, what: string): Problem =>
  problem(
    'TOPOLOGY_NOT_KNOWN',
    where,
    what,
    'Set regime to "head-only", or choose a teacher of the catalogue.',
  );
