import * as z from 'zod';

const Fraction = z.number().min(0).max(1);
const Interval = z.tuple([Fraction, Fraction]);
const Estimate = z.object({ value: Fraction, interval95: Interval });
const OnValidation = z.object({ accuracy: Fraction, crossEntropy: z.number() });

/** How far the probabilities of a student are to be believed. */
const Calibration = z.object({
  ece: Fraction, // expected calibration error, 15 bins of equal width
  nll: z.number(), // mean negative log-likelihood
});

/** `student.json`: what is known of a student. Numbers are measured by the trainer, never entered by hand. */
export const StudentCard = z.object({
  schema: z.literal(1),
  student: z.string(),
  version: z.string(),
  jobId: z.string(),
  createdAt: z.iso.datetime(),
  classes: z.array(z.string()).min(2), // in the order of the logits
  input: z.object({
    px: z.int(), // height and width
    range: z.literal('0-255'),
    channels: z.literal('RGB'),
    resize: z.string(), // how images were brought to px
  }),
  teacher: z.object({ name: z.string(), licence: z.string(), modelSha256: z.string() }),
  freezePlan: z.object({
    asked: z.string(),
    used: z.string().regex(/^(head-only|full|blocks:[1-9][0-9]?)$/),
    why: z.string(),
    frozenParameters: z.int(),
    trainedParameters: z.int(),
  }),
  data: z.object({
    dataset: z.string(),
    manifestSha256: z.string(),
    contentSha256: z.string(), // over everything the trainer read, in manifest order
    perClass: z.array(
      z.object({ name: z.string(), train: z.int(), validation: z.int(), test: z.int() }),
    ),
    warnings: z.array(z.string()), // duplicates kept on one side, images left out
  }),
  metrics: z.object({
    test: z.object({
      n: z.int(),
      correct: z.int(),
      accuracy: Fraction,
      interval95: Interval, // Wilson's
      balancedAccuracy: Estimate, // the mean recall of the classes; its interval by bootstrap
      macroF1: Estimate, // likewise
    }),
    validation: z.object({
      n: z.int(),
      accuracy: Fraction,
      crossEntropy: z.number(),
      headOnly: OnValidation, // of the same data's head on frozen features
    }), // a head before it was fitted once more, on train and validation together
    calibration: z.object({
      temperature: z.number().positive(), // logits are divided by it on their way to probabilities
      why: z.string(),
      before: Calibration, // on the test part
      after: Calibration,
    }),
    majorityBaseline: Fraction, // the share of the largest class in the test part
    perClass: z.array(
      z.object({
        name: z.string(),
        n: z.int(),
        correct: z.int(),
        precision: Fraction, // 0 where the class was never the answer
        recall: Fraction,
        f1: Fraction,
        interval95: Interval, // Wilson's, of the recall
      }),
    ),
    confusion: z.array(z.array(z.int())), // rows: the true class; columns: the answer
  }),
  head: z.object({
    examples: z.int(),
    iterations: z.int(),
    l2: z.number(), // chosen on the validation part
    classWeights: z.array(z.number()),
    trainCrossEntropy: z.number(),
  }),
  fineTuning: z
    .object({
      regime: z.string(),
      examples: z.int(),
      epochs: z.int(), // begun
      bestEpoch: z.int(), // whose weights were compared with the head alone; 0 if the budget allowed none
      stopped: z.enum(['schedule', 'no-progress', 'budget']),
      batch: z.int(), // at the end: it is halved where memory runs out
      augmentation: z.string(),
      classWeights: z.array(z.number()),
      validation: OnValidation.optional(), // of the best epoch
    })
    .optional(), // tried, whether or not it was shipped
  seconds: z.record(z.string(), z.number()), // wall clock a step
  made: z.object({
    understudy: z.string(),
    tensorflow: z.string(),
    node: z.string(),
    device: z.string(),
  }),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })), // all but this one
});
export type StudentCard = z.infer<typeof StudentCard>;

/** @returns `undefined` for what is no card, or one of another version */
export function parseCard(text: string | undefined): StudentCard | undefined {
  try {
    return StudentCard.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/** `students/<name>/latest.json`, which moves only forward, by the upload's time. */
export const Latest = z.object({
  schema: z.literal(1),
  version: z.string(),
  jobId: z.string(),
  uploadedAt: z.iso.datetime(),
});
export type Latest = z.infer<typeof Latest>;
