import { at } from '#core/at.ts';
import { neighboursOf } from '#core/freeze-policy.ts';
import { retrainedBlocks } from '#core/recipe.ts';
import { smallestLoss } from '../evaluate/calibration.ts';
import { score } from '../evaluate/predictions.ts';
import type { JudgedHeads } from '../head/fit-head.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { FreezeDecision } from '../plan/freeze-plan.ts';
import type { Judgement } from '../plan/judgement.ts';
import { type Tuning, tuneStudent } from './tune-student.ts';

/** One of several fine-tunings that are tried for a short time. */
export interface Contender {
  regime: FreezeDecision['regime'];
  rate: number; // factor of the default learning rates
  accuracy: number; // on the held-out images
  loss: number; // there, in nats, after temperature scaling; infinite if it diverged
}

const EPOCHS = 1 / 3; // of the schedule; all contenders together cost about one complete fine-tuning
const OTHER_RATE = 1 / 3;
const MIN_HELD_OUT = 100; // images; with fewer, chance would decide

/** Whether a race is called for and can say anything, and whether there is time for it and the fine-tunings after it. */
export function canRace(freeze: FreezeDecision, { splits }: Judgement): boolean {
  const { seconds, secondsLeft, runsAfter, retrained, isProposal } = freeze;
  const heldOut = at(splits, 0).heldOut.length;
  return (
    isProposal &&
    retrained > 0 &&
    heldOut >= MIN_HELD_OUT &&
    (2 + runsAfter) * seconds <= secondsLeft
  );
}

/**
 * The estimate proposes, validation disposes: the proposed plan, a slower learning rate and the neighbouring plan are
 * tried for a third of the schedule each. The smallest loss on the held-out images of the first split wins.
 *
 * @param until when the race should end, in seconds since the job's training began
 */
export async function race(
  tuning: Tuning,
  freeze: FreezeDecision,
  judgement: Judgement,
  heads: JudgedHeads,
  until: number,
  report: Reporter,
  stop: StopSignal,
): Promise<{ contenders: Contender[]; winner: Contender }> {
  const split = at(judgement.splits, 0);
  const head = at(heads.heads, 0);
  const labels = heads.predictions.labels.slice(0, split.heldOut.length);
  const blocks = tuning.teacher.entry.blockOutputs.length;
  const { deeper, shallower } = neighboursOf(freeze.regime, blocks);
  const neighbour = deeper ?? shallower ?? freeze.regime;
  const entries = [
    { regime: freeze.regime, rate: 1 },
    { regime: freeze.regime, rate: OTHER_RATE },
    { regime: neighbour, rate: 1 },
  ];
  const contenders: Contender[] = [];
  for (const [i, { regime, rate }] of entries.entries()) {
    const retrained = retrainedBlocks(regime, blocks);
    const now = tuning.elapsed();
    const end = now + (until - now) / (entries.length - i);
    const own = { ...tuning, retrained, rate, epochs: EPOCHS };
    const { student } = await tuneStudent(own, `race${i}`, split, head, end, report, stop);
    const predictions = student && { logits: await student.predict(split.heldOut), labels };
    student?.dispose();
    const contender = {
      regime,
      rate,
      accuracy: predictions ? score(predictions).accuracy : 0,
      loss: predictions ? smallestLoss(predictions).loss : Number.POSITIVE_INFINITY,
    };
    contenders.push(contender);
    report.line(
      `race: ${regime} at ${rate === 1 ? 'the full' : 'a third of the'} learning rate: ${(100 * contender.accuracy).toFixed(1)}% of ${labels.length} held-out images, loss ${contender.loss.toFixed(3)}`,
    );
  }
  const winner = contenders.reduce((best, each) => (each.loss < best.loss ? each : best));
  return { contenders, winner };
}
