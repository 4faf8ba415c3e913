import * as z from 'zod';
import { LeftOut } from './manifest.ts';
import { upgradeSchema1 } from './upgrade-card.ts';

const Fraction = z.number().min(0).max(1);
const Interval = z.tuple([Fraction, Fraction]); // 95%
const WithInterval = z.object({ value: Fraction, interval95: Interval });
const OnValidation = z.object({ accuracy: Fraction, crossEntropy: z.number() }); // nats

/** How well a student's probabilities are calibrated. */
const Calibration = z.object({
  ece: Fraction, // expected calibration error, 15 bins of equal width
  nll: z.number(), // mean negative log-likelihood, nats
});

/** `student.json`: everything known about a student. All numbers are measured by the trainer. */
export const StudentCard = z.object({
  schema: z.literal(2),
  student: z.string(),
  version: z.string(),
  jobId: z.string(),
  createdAt: z.iso.datetime(),
  classes: z.array(z.string()).min(2), // in the order of the logits
  input: z.object({
    px: z.int(), // height and width
    range: z.literal('0-255'),
    channels: z.literal('RGB'),
    resize: z.string(), // how images are brought to px
  }),
  teacher: z.object({ name: z.string(), licence: z.string(), modelSha256: z.string() }),
  freezePlan: z.object({
    requested: z.string(), // the recipe's regime
    used: z.string().regex(/^(head-only|full|blocks:[1-9][0-9]?)$/),
    why: z.string(),
    frozenParameters: z.int(), // of the backbone, moving averages included
    trainedParameters: z.int(),
  }),
  /** What was measured on a sample before the training, and decided by it. */
  plan: z
    .object({
      images: z.int(), // of the sample
      seconds: z.number(), // that measuring took
      candidates: z.array(
        z.object({
          teacher: z.string(),
          px: z.int(),
          features: z.string(), // the best set of features
          accuracy: Fraction, // in cross-validation
          standardError: z.number(), // of the accuracy
          secondsPerImage: z.number(), // decoding and features
        }),
      ), // in the order in which they were tried
      tooExpensive: z.array(z.object({ teacher: z.string(), px: z.int() })), // for the budget; not tried
      features: z.object({
        set: z.string(),
        about: z.string(), // the end of a sentence that begins with "The head is given"
        tried: z.array(z.object({ set: z.string(), accuracy: Fraction, kappa: z.number() })),
      }),
      similarity: Fraction, // κ of the teacher's last features, at least 0
      kappa: z.number(), // of the features that were chosen: 0 is chance, 1 is perfect
      standardError: z.number(), // of the accuracy with them
      perBlock: z.array(z.number()), // κ of each block's average alone
      /** How the teacher sees some of the images. */
      teacherView: z
        .object({
          images: z.int(),
          nearest: z.array(
            z.object({
              name: z.string(), // of the new class
              similar: z.array(z.object({ name: z.string(), probability: Fraction })), // what the teacher takes it for
            }),
          ),
          shiftPerBlock: z.array(z.number()), // divergence of the BatchNorms' statistics from the teacher's; 0 is none
          inputLevelShift: z.boolean(), // whether the first layers are much further off than the last ones
        })
        .optional(),
    })
    .optional(),
  data: z.object({
    dataset: z.string(),
    manifestSha256: z.string(),
    contentSha256: z.string(), // over everything the trainer read, in manifest order
    perClass: z.array(
      z.object({ name: z.string(), train: z.int(), validation: z.int(), test: z.int() }),
    ),
    warnings: z.array(z.string()),
    takenFor: z.string().optional(), // what the upload was taken for; earlier cards lack this and what follows
    lists: z.array(z.string()).optional(), // files that gave the labels
    leftOut: z.array(LeftOut).optional(),
  }),
  metrics: z.object({
    test: z.object({
      /** Cross-validation: each image was predicted by a student that was trained without it. */
      method: z.enum(['hold-out', 'cross-validation']).default('hold-out'),
      n: z.int(),
      correct: z.int(),
      accuracy: Fraction,
      interval95: Interval, // Wilson
      balancedAccuracy: WithInterval, // mean recall of the classes; bootstrap interval
      macroF1: WithInterval, // bootstrap interval
    }),
    /** Of the student before it was refitted on train and validation together, if it is head-only. */
    validation: z.object({
      n: z.int(),
      accuracy: Fraction,
      crossEntropy: z.number(), // nats
      headOnly: OnValidation, // the head on frozen features, for comparison
    }),
    /** The head on frozen features, for each repeat with other folds. */
    crossValidation: z.object({ folds: z.int(), accuracies: z.array(Fraction) }).optional(),
    calibration: z.object({
      temperature: z.number().positive(), // logits are divided by it before the softmax
      why: z.string(),
      before: Calibration, // on the test part
      after: Calibration, // with cross-validation: at temperatures fitted without the image
    }),
    majorityBaseline: Fraction, // accuracy of always predicting the test part's largest class
    perClass: z.array(
      z.object({
        name: z.string(),
        n: z.int(),
        correct: z.int(),
        precision: Fraction, // 0 if the class was never predicted
        recall: Fraction,
        f1: Fraction,
        interval95: Interval, // Wilson, of the recall
      }),
    ),
    confusion: z.array(z.array(z.int())), // rows: the true class; columns: the predicted one
  }),
  /** Whether the student was trained again on all images, with the chosen settings, after it was tested. */
  refit: z.boolean().default(false),
  head: z.object({
    examples: z.int(),
    iterations: z.int(),
    l2: z.number(), // chosen on held-out images
    labelSmoothing: z.number().default(0),
    classWeights: z.array(z.number()),
    trainCrossEntropy: z.number(), // nats
  }),
  /** What fine-tuning did, whether or not its result is the student. */
  fineTuning: z
    .object({
      regime: z.string(),
      examples: z.int(),
      epochs: z.int(), // begun
      bestEpoch: z.int().optional(), // by earlier versions, which compared this epoch with the head alone, and not the last one
      stopped: z.enum(['schedule', 'early-stopping', 'budget', 'diverged']), // 'early-stopping' by earlier versions
      batchSize: z.int(), // at the end: it is halved when memory runs out
      augmentation: z.string(),
      classWeights: z.array(z.number()),
      splits: z.int().default(1), // of the cross-validation that it was judged on
      /** Whether an image and its mirror image are of the same class, as far as the head can tell. */
      mirroring: z
        .object({ allowed: z.boolean(), images: z.int(), accuracy: Fraction, mirrored: Fraction })
        .optional(),
      /** Short fine-tunings of which the best was continued; empty if there was no race. */
      contenders: z
        .array(
          z.object({
            regime: z.string(),
            rate: z.number(), // factor of the default learning rates
            accuracy: Fraction, // on held-out images
            loss: z.number().nullable(), // there, after temperature scaling; null if it diverged
          }),
        )
        .default([]),
      validation: OnValidation.optional(), // of the weights that were compared with the head alone
      /** After each epoch of the last fine-tuning; cards of earlier versions lack it. */
      curve: z
        .array(
          z.object({
            epoch: z.int(), // from 1
            trainCrossEntropy: z.number(), // nats
            validation: OnValidation.optional(), // none if no image was held out
          }),
        )
        .optional(),
    })
    .optional(),
  timings: z.record(z.string(), z.number()), // seconds per step, wall clock
  environment: z.object({
    understudy: z.string(),
    tensorflow: z.string(),
    node: z.string(),
    device: z.string(),
    instanceType: z.string().optional(), // SageMaker's
  }),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })), // all but this one
});
export type StudentCard = z.infer<typeof StudentCard>;

/**
 * A card, or why there is none: `invalid` is not a card (or only a part of one); `newer` was written by a later
 * version of Understudy.
 */
export type CardResult = { card: StudentCard } | { problem: 'invalid' | 'newer' };

/** Reads a card of this schema or of schema 1. */
export function parseCard(text: string): CardResult {
  const json = parseJson(text);
  const head = z.object({ schema: z.int() }).safeParse(json).data;
  if (head && head.schema > 2) return { problem: 'newer' };
  const card = StudentCard.safeParse(head?.schema === 1 ? upgradeSchema1(json) : json).data;
  return card ? { card } : { problem: 'invalid' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of `student.json`, indented, but with each list of numbers on one line: 1,000 classes have 1,000,000 counts. */
export const formatCard = (card: StudentCard): string =>
  `${JSON.stringify(card, null, 2).replaceAll(
    /\[\n\s*(-?\d[^[\]{}"]*?)\n\s*\]/g, // a line break is never inside a string
    (_, numbers: string) => `[${numbers.replaceAll(/\s+/g, '')}]`,
  )}\n`;

/** `students/<name>/latest.json`, which moves only forward, by the upload's time. */
export const Latest = z.object({
  schema: z.literal(1),
  version: z.string(),
  jobId: z.string(),
  uploadedAt: z.iso.datetime(),
  createdAt: z.iso.datetime().optional(), // of the job; early files lack it
});
export type Latest = z.infer<typeof Latest>;
