import { TrainingRefused } from '../job/errors.ts';
import type { Plan } from './make-plan.ts';

const MARGIN = 1.3; // for the head, the test and the export
const RESERVED_SECONDS = 30;

/**
 * Ends a training before it spends anything on images that its budget is too small for.
 *
 * @param examples images of the dataset
 * @throws TrainingRefused BUDGET_TOO_SMALL
 */
export function requireTime(plan: Plan, examples: number, budgetSeconds: number): void {
  const needed = plan.facts.seconds + MARGIN * examples * plan.secondsPerImage + RESERVED_SECONDS;
  if (needed <= budgetSeconds) return;
  const minutes = Math.ceil(needed / 60);
  const images = examples.toLocaleString('en-US');
  const what = `${images} images take about ${minutes} minutes on this machine even at ${plan.px} px with ${plan.teacher}, and the budget is ${Math.floor(budgetSeconds / 60)}; set budget.minutes to ${Math.ceil(1.5 * minutes)} or more.`;
  throw new TrainingRefused('BUDGET_TOO_SMALL', what);
}
