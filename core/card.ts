import * as z from 'zod';

const Fraction = z.number().min(0).max(1);
const Interval = z.tuple([Fraction, Fraction]);

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
    resize: z.string(), // how pictures were brought to px
  }),
  teacher: z.object({ name: z.string(), licence: z.string(), modelSha256: z.string() }),
  freezePlan: z.object({
    asked: z.string(),
    used: z.literal('head-only'),
    why: z.string(),
    frozenParameters: z.int(),
    trainedParameters: z.int(),
  }),
  data: z.object({
    dataset: z.string(),
    manifestSha256: z.string(),
    readSha256: z.string(), // over everything the trainer read, in manifest order
    perClass: z.array(
      z.object({ name: z.string(), train: z.int(), validation: z.int(), test: z.int() }),
    ),
    notices: z.array(z.string()), // duplicates kept on one side, pictures left out
  }),
  measures: z.object({
    test: z.object({ n: z.int(), correct: z.int(), accuracy: Fraction, interval95: Interval }),
    validation: z.object({ n: z.int(), accuracy: Fraction }),
    chance: Fraction, // the share of the largest class in the test part
    perClass: z.array(
      z.object({
        name: z.string(),
        n: z.int(),
        correct: z.int(),
        recall: Fraction,
        interval95: Interval,
      }),
    ),
    confusion: z.array(z.array(z.int())), // rows: the true class; columns: the answer
  }),
  head: z.object({
    examples: z.int(),
    iterations: z.int(),
    l2: z.number(), // chosen on the validation part
    classWeights: z.array(z.number()),
    trainLossNats: z.number(),
  }),
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

/** `students/<name>/latest.json`, which moves only forward, by the upload's time. */
export const Latest = z.object({
  schema: z.literal(1),
  version: z.string(),
  jobId: z.string(),
  uploadedAt: z.iso.datetime(),
});
export type Latest = z.infer<typeof Latest>;
