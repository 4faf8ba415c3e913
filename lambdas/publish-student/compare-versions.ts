import { parseCard, type StudentCard } from '#core/card.ts';
import { PREDICTIONS_FILE, studentKeys } from '#core/keys.ts';
import { InvalidPredictions, type PredictionRow, predictionRows } from '#core/predictions-csv.ts';
import { answersBefore, compareAnswers, type VersionComparison } from '#core/version-comparison.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { ObjectChanged, type Objects } from '#ports';

/** Bytes of a `predictions.csv`; chosen: a row has about 200, so this is more than a million images. */
const MAX_BYTES = 300e6;
const BLOCK = 1 << 18; // bytes read at a time; parsing them takes some 20 ms, and the local pipeline has one thread

/**
 * Compares a published student with the version before it, by what both answered in their tests. Whatever makes that
 * impossible is said, and never stops the publication.
 */
export async function compareVersions(
  objects: Objects,
  card: StudentCard,
  before: NumberedVersion,
): Promise<VersionComparison> {
  const { number, version } = before;
  const names = { now: 'this version', before: `v${number}` };
  const not = (whyNot: string): VersionComparison => ({ with: { number, version }, whyNot });

  const text = await objects.readText(studentKeys(card.student, version).card);
  const read = parseCard(text ?? '');
  if (!('card' in read)) return not(`the card of ${names.before} cannot be read`);
  if (!haveSameClasses(card, read.card)) return not(`${names.before} has other classes`);

  const files = { now: await locate(objects, card), before: await locate(objects, read.card) };
  for (const which of ['now', 'before'] as const) {
    const file = files[which];
    if (!file) return not(`${names[which]} has no ${PREDICTIONS_FILE}`);
    if (file.size > MAX_BYTES)
      return not(`the ${PREDICTIONS_FILE} of ${names[which]} is larger than ${MAX_BYTES / 1e6} MB`);
  }
  try {
    const answers = await answersBefore(rowsOf(objects, files.before));
    const shared = await compareAnswers(rowsOf(objects, files.now), answers);
    if (shared.n === 0) return not('they have no test images in common');
    return { with: { number, version }, ...shared };
  } catch (error) {
    if (!(error instanceof InvalidPredictions || error instanceof ObjectChanged)) throw error;
    return not(`a ${PREDICTIONS_FILE} is damaged`);
  }
}

const haveSameClasses = (a: StudentCard, b: StudentCard): boolean =>
  JSON.stringify([...a.classes].sort()) === JSON.stringify([...b.classes].sort());

interface Located {
  key: string;
  size: number;
  etag: string;
}

/** The object with a student's answers; the card of one that was tested by an earlier version does not list it. */
async function locate(objects: Objects, card: StudentCard): Promise<Located | undefined> {
  if (!card.files.some(({ path }) => path === PREDICTIONS_FILE)) return undefined;
  return objects.head(studentKeys(card.student, card.version).predictions);
}

async function* rowsOf(objects: Objects, file: Located | undefined): AsyncGenerator<PredictionRow> {
  if (file) yield* predictionRows(blocksOf(objects, file));
}

async function* blocksOf(objects: Objects, { key, size, etag }: Located) {
  for (let from = 0; from < size; from += BLOCK)
    yield await objects.readRange(key, from, Math.min(size, from + BLOCK), etag);
}
