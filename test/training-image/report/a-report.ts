import { Recipe } from '#core/recipe.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { answersOf } from '#training-image/evaluate/answers.ts';
import { computeMetrics } from '#training-image/evaluate/metrics.ts';
import { gatherFindings } from '#training-image/report/gather-findings.ts';
import type { ReportData } from '#training-image/report/report-data.ts';
import { suspectLabels } from '#training-image/report/suspects.ts';
import type { PixelsOf } from '#training-image/report/thumbnails.ts';
import { aCard, aFineTuning } from '../../cards.ts';
import { randomBytes } from '../../random.ts';

const PX = 32;

/** Noise of a colour of its own for each image. */
const colours: PixelsOf = async (example) => {
  const noise = randomBytes(3 * PX * PX, 1 + example);
  return noise.map((each, i) => (each % 64) + ((97 * example * ((i % 3) + 1)) % 192));
};

/**
 * What a report tells of a made-up student: it takes some images for the class after theirs.
 *
 * @param perClass images that each class is tested on
 * @param wrong share of the answers that are wrong
 */
export async function aReport({
  classes,
  perClass,
  wrong = 0.1,
  path = (label: number, i: number) => `${classes[label]}/${String(i).padStart(5, '0')}.jpg`,
  pixelsOf = colours,
  card: given = {},
}: {
  classes: readonly string[];
  perClass: number;
  wrong?: number;
  path?: (label: number, i: number) => string;
  pixelsOf?: PixelsOf;
  card?: Partial<ReportData['card']>;
}): Promise<ReportData> {
  const random = mulberry32(11);
  const n = classes.length * perClass;
  const labels = Int32Array.from({ length: n }, (_, i) => Math.floor(i / perClass));
  const logits = new Float32Array(n * classes.length).map(() => 1.5 * random());
  for (const [i, label] of labels.entries()) {
    const isWrong = random() < wrong;
    const next = (label + (random() < 0.7 ? 1 : 2)) % classes.length;
    logits[i * classes.length + label] = isWrong ? 2 + 2 * random() : 4 + 4 * random();
    logits[i * classes.length + next] = isWrong ? 4 + 3 * random() : 1 + 2 * random();
  }
  const predictions = { logits, labels };
  const examples = Array.from(labels, (label, i) => ({ path: path(label, i) }));
  const contents = examples.map((_, i) => String(i).padStart(64, '0'));
  const groups = contents.map((each, i) => (i % 50 === 1 ? (contents[i - 1] ?? each) : each));
  const answers = answersOf([...labels.keys()], predictions, 1);
  const suspects = suspectLabels(answers, classes.length);
  const findings = await gatherFindings(
    { examples, contents, labels, classes },
    { answers, suspects, judged: n },
    { identities: groups, groups },
    pixelsOf,
    PX,
  );

  const metrics = computeMetrics(
    predictions,
    'hold-out',
    classes,
    { temperature: 1, why: `It minimises the loss on ${n} held-out images.` },
    1,
  );
  const score = { accuracy: metrics.test.accuracy, crossEntropy: 0.4 };
  const { files: _, ...card } = aCard();
  return {
    card: {
      ...card,
      student: 'pets',
      classes: [...classes],
      metrics: {
        ...metrics,
        validation: {
          n,
          ...score,
          headOnly: { accuracy: 0.8 * score.accuracy, crossEntropy: 0.6 },
        },
      },
      data: {
        ...card.data,
        perClass: classes.map((name) => ({
          name,
          train: 8 * perClass,
          validation: perClass,
          test: perClass,
        })),
      },
      fineTuning: aFineTuning({
        curve: Array.from({ length: 12 }, (_, i) => ({
          epoch: i + 1,
          trainCrossEntropy: 1.6 / (i + 1) + 0.4,
          validation: { accuracy: 0.9 - 0.2 / (i + 1), crossEntropy: 1 / (i + 1) + 0.35 },
        })),
      }),
      ...given,
    },
    recipe: Recipe.parse({}),
    findings,
  };
}
