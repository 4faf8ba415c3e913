import * as z from 'zod';

/** What one contender does in one process; it gets this as JSON, its only argument. */
export const Task = z.object({
  /** the logits of images | features of images | a step of training all layers, with its loss */
  workload: z.enum(['logits', 'features', 'step']),
  px: z.int(),
  batch: z.int(), // images at once, which are the first of the file
  warmups: z.int(), // not timed
  repetitions: z.int(), // timed, each for itself
  teacher: z.string(), // the folder of a layers-model: model.json and weights.bin
  images: z.string(), // a file of uint8 [n, px, px, 3]
  onnx: z.string(), // the same network as an ONNX file
  packages: z.string(), // the folder of the bench's own npm packages
  answer: z.string(), // where the logits go: a file of float32 [batch, classes]
});
export type Task = z.infer<typeof Task>;

/** What a contender says of its task, as JSON in its last line. */
export const Measurement = z.object({
  cpuSeconds: z.array(z.number()), // of the whole process, user and system, by repetition
  wallSeconds: z.array(z.number()),
  peakBytes: z.number(), // the most memory that the process ever had
  loss: z.number().nullable(), // of the first step, before it
  versions: z.record(z.string(), z.string()),
});
export type Measurement = z.infer<typeof Measurement>;

/** Which class the i-th image is of: any will do, if it is the same for all contenders. */
export const labelOf = (i: number): number => (7 * i) % 1000;

export const LEARNING_RATE = 1e-4; // Adam's, with its usual constants
