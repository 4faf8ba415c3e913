import type { Recipe } from '#core/recipe.ts';
import type { CardWithoutFiles } from '../student/student-card.ts';
import type { Findings } from './findings.ts';

/** Everything that the report tells. */
export interface ReportData {
  card: CardWithoutFiles;
  recipe: Recipe;
  findings: Findings;
}
