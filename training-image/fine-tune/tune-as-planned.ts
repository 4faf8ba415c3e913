import { retrainedBlocks } from '#core/recipe.ts';
import { type FittedHead, fitHead, type JudgedHeads } from '../head/fit-head.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { FreezeDecision } from '../plan/freeze-plan.ts';
import type { Judgement } from '../plan/judgement.ts';
import { type Mirroring, measureMirroring } from '../plan/mirroring.ts';
import type { FloatRows } from '../storage/row-file.ts';
import { type Contender, canRace, race } from './race.ts';
import { type JudgedTuning, tuneOnSplits } from './tune-on-splits.ts';
import type { Tuning } from './tune-student.ts';

/** A fine-tuning, judged on held-out images, and how its settings were decided. */
export interface PlannedTuning extends JudgedTuning {
  regime: FreezeDecision['regime'];
  tuning: Tuning;
  /** Fits the head that a fine-tuning starts from to these examples. */
  fitStart(indices: Int32Array): Promise<FittedHead>;
  mirroring: Mirroring;
  contenders: readonly Contender[]; // of the race, if there was one
}

/**
 * Fine-tunes as the freeze plan says: decides by measuring whether images may be mirrored, lets the plan race against its
 * neighbour if there is time, and judges the winner.
 *
 * @param common with the features of all examples, and the set that they are of
 * @param heads fitted to them
 * @param until when everything should end, in seconds since the job's training began
 */
export async function tuneAsPlanned(
  common: Omit<Tuning, 'retrained' | 'flip' | 'rate' | 'epochs'> & { features: FloatRows },
  freeze: FreezeDecision,
  judgement: Judgement,
  heads: JudgedHeads,
  until: number,
  report: Reporter,
  stop: StopSignal,
): Promise<PlannedTuning> {
  const mirroring = await measureMirroring(common, judgement, heads, report, stop);
  const fitStart = (indices: Int32Array) => fitHead(common, indices, heads, report, stop);
  const { retrained } = freeze;
  const tuning = { ...common, retrained, flip: mirroring.allowed, rate: 1, epochs: 1 };
  if (!canRace(freeze, judgement)) {
    const { regime } = freeze;
    const judged = await tuneOnSplits(tuning, judgement, heads, { ...freeze, until }, report, stop);
    return { ...judged, regime, tuning, fitStart, mirroring, contenders: [] };
  }

  const now = common.elapsed();
  const runs = 1 + freeze.splits + freeze.runsAfter;
  const raceEnds = now + (until - now) / runs;
  const { contenders, winner } = await race(
    tuning,
    freeze,
    judgement,
    heads,
    raceEnds,
    report,
    stop,
  );
  const { regime, rate } = winner;
  const blocks = common.teacher.entry.blockOutputs.length;
  const chosen = { ...tuning, retrained: retrainedBlocks(regime, blocks), rate };
  const judged = await tuneOnSplits(chosen, judgement, heads, { ...freeze, until }, report, stop);
  return { ...judged, regime, tuning: chosen, fitStart, mirroring, contenders };
}
