import * as z from 'zod';

/** What the messages and docs/recipe.md say of a field. */
export interface FieldWords {
  description: string; // its meaning
  takes: string; // ends the sentence "… must be"
  values?: readonly string[]; // those that a mistyped value is compared with
  ifOmitted?: string; // what applies then, for fields without a fixed default
  when?: string; // when to change it
  example: unknown;
}

/** The words for each field, beside its schema. */
export const FIELD_WORDS = z.registry<FieldWords>();

/** The value of `teacher` that stands for every teacher of the catalogue. */
export const ANY_TEACHER = 'auto';

/** Minutes of a training job. */
export const BudgetMinutes = z.int().min(1).max(1440);

const fraction = () => z.number().min(0.05).max(0.4).default(0.1);

/** How images are varied during fine-tuning, as users write it; omitted fields are as in "auto". */
const AugmentationFields = z.strictObject({
  flip: z.boolean().optional().register(FIELD_WORDS, {
    description: 'Mirrors images left to right, half of the time.',
    takes: 'true or false',
    ifOmitted: 'measured: on if the head classifies mirror images about as well',
    when: 'If you know better than the measurement: a mirrored photograph of a cat is a cat, a mirrored b is a d.',
    example: true,
  }),
  crop: z.boolean().default(true).register(FIELD_WORDS, {
    description: 'Shifts images by up to a twelfth of their width and height.',
    takes: 'true or false',
    when: 'Turn it off for objects that fill the image to its edges, such as scanned characters.',
    example: false,
  }),
  colour: z.boolean().default(false).register(FIELD_WORDS, {
    description: 'Varies the brightness by up to 10% and the contrast by up to 20%.',
    takes: 'true or false',
    when: 'Turn it on if the light will vary more than in your images, and no class is recognized by its brightness.',
    example: true,
  }),
});

/** How images are varied during fine-tuning. */
export interface Augmentation {
  flip: boolean;
  crop: boolean;
  colour: boolean;
}

/** A recipe, the contents of `dataset.json`; every field is optional. */
export const Recipe = z.strictObject({
  task: z.literal('image').default('image').register(FIELD_WORDS, {
    description: 'What the student does: it classifies images.',
    takes: '"image"',
    when: 'There is nothing else yet: other tasks are refused, with a suggestion of what to use instead.',
    example: 'image',
  }),
  teacher: z.string().default(ANY_TEACHER).register(FIELD_WORDS, {
    description:
      'The pretrained network that the student is made from. With "auto", the plan chooses among all teachers that the training job can reach.',
    takes: '"auto" or the name of a teacher',
    when: 'To pin a teacher: a smaller one for a student that must be fast, a larger one for accuracy; `npx understudy teachers` lists them.',
    example: 'efficientnet-lite1',
  }),
  regime: z
    .string()
    .regex(/^(auto|head-only|full|blocks:[1-9][0-9]?)$/)
    .default('auto')
    .register(FIELD_WORDS, {
      description:
        'How much of the teacher is trained: only a new head ("head-only"), the head and the last k of the 7 blocks ("blocks:k"), or everything ("full"). With "auto", measurements on your images decide.',
      takes: '"auto", "head-only", "blocks:1" to "blocks:7" or "full"',
      values: ['auto', 'head-only', 'full', ...[1, 2, 3, 4, 5, 6, 7].map((k) => `blocks:${k}`)],
      when: 'To compare, or to force it: "head-only" takes minutes on a laptop; more blocks cost more time, and gain most where your images differ from photographs.',
      example: 'blocks:2',
    }),
  prefer: z
    .enum(['accuracy', 'cost'])
    .default('accuracy')
    .register(FIELD_WORDS, {
      description:
        'Of the plans that fit the budget, the most accurate one ("accuracy"), or the cheapest of those that are about as accurate ("cost").',
      takes: '"accuracy" or "cost"',
      values: ['accuracy', 'cost'],
      when: 'Choose "cost" if the student must be fast, or a training cheap.',
      example: 'cost',
    }),
  split: z
    .strictObject({
      validation: fraction().register(FIELD_WORDS, {
        description:
          'The fraction of each class that settings are chosen on, and probabilities calibrated.',
        takes: 'a number from 0.05 to 0.4',
        when: 'Raise it if so few images make the choice between settings a matter of luck.',
        example: 0.15,
      }),
      test: fraction().register(FIELD_WORDS, {
        description:
          'The fraction of each class that is set aside for the final test, and used once. Small datasets are judged by cross-validation instead.',
        takes: 'a number from 0.05 to 0.4',
        when: 'Raise it for a tighter estimate of the accuracy; fewer images are then left for training.',
        example: 0.3,
      }),
    })
    .default({ validation: 0.1, test: 0.1 })
    .register(FIELD_WORDS, {
      description: 'The fractions of each class that are held out from training.',
      takes: 'an object with "validation" and "test"',
      example: { validation: 0.1, test: 0.2 },
    }),
  class_weights: z
    .enum(['auto', 'none'])
    .default('auto')
    .register(FIELD_WORDS, {
      description:
        'How classes of different sizes count: with "auto", each image of a rare class counts more; with "none", every image counts the same.',
      takes: '"auto" or "none"',
      values: ['auto', 'none'],
      when: 'Choose "none" if classes are as frequent in your dataset as in practice, and overall accuracy matters most.',
      example: 'none',
    }),
  augmentation: z
    .union([z.enum(['auto', 'none']), AugmentationFields])
    .default('auto')
    .register(FIELD_WORDS, {
      description:
        'How images are varied during fine-tuning; without fine-tuning it has no effect. "none" leaves them as they are, "auto" stands for the defaults of flip, crop and colour.',
      takes: '"auto", "none", or an object with "flip", "crop" and "colour"',
      values: ['auto', 'none'],
      when: 'If you know what may vary without changing the label.',
      example: { flip: true, colour: true },
    }),
  input_px: z.int().min(64).max(512).optional().register(FIELD_WORDS, {
    description:
      "The height and width of the student's images, in pixels, with any teacher; your images are resized to it.",
    takes: 'an integer from 64 to 512',
    ifOmitted: 'the plan chooses',
    when: 'A smaller size makes the student faster (the time grows with the square of it), a larger one shows it finer detail.',
    example: 160,
  }),
  refit: z.boolean().optional().register(FIELD_WORDS, {
    description:
      'Whether the student is trained again on all images, with the chosen settings, after it was tested. Cross-validation tests one student per fold, none of which is published; then the published one learns from all images in any case.',
    takes: 'true or false',
    ifOmitted: 'true, except for fine-tuned students with a test part',
    when: 'Turn it off to publish exactly the student that classified the test images.',
    example: false,
  }),
  budget: z
    .strictObject({
      minutes: BudgetMinutes.optional().register(FIELD_WORDS, {
        description: 'The longest time of the training job, in minutes. The plan is made to fit.',
        takes: 'an integer from 1 to 1440',
        ifOmitted: '10 on your machine, 60 on AWS',
        when: 'Raise it if the report says that time limited the plan, or for thousands of images and "full".',
        example: 30,
      }),
      dollars: z.number().positive().optional().register(FIELD_WORDS, {
        description:
          'The highest cost of the training job on AWS, in US dollars at on-demand prices. It has no effect on your machine.',
        takes: 'a number above 0',
        ifOmitted: 'no limit besides the minutes',
        when: 'To cap the cost whichever instance type is used; training needs at least five minutes.',
        example: 2,
      }),
    })
    .default({})
    .register(FIELD_WORDS, {
      description: 'The limits of the training job; whichever is reached first applies.',
      takes: 'an object with "minutes" and "dollars"',
      example: { minutes: 30, dollars: 2 },
    }),
  instance_types: z
    .array(z.string().regex(/^ml\.[a-z0-9]+\.[a-z0-9]+$/))
    .min(1)
    .max(5)
    .optional()
    .register(FIELD_WORDS, {
      description:
        'The SageMaker instance types to train on, in order of preference, out of those that the deployment allows. It has no effect on your machine.',
      takes: 'a list of one to five SageMaker instance types, such as "ml.g4dn.xlarge"',
      ifOmitted: "the deployment's",
      when: 'For a faster GPU, or to keep a small dataset on a cheap one.',
      example: ['ml.g5.xlarge', 'ml.g4dn.xlarge'],
    }),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .register(FIELD_WORDS, {
      description:
        'The start of all random choices. The same images, recipe and plan with the same seed give the same student, bit for bit.',
      takes: 'an integer from 0 to 2147483647',
      when: 'To see how much of a result is luck: train with several seeds.',
      example: 3,
    }),
  again: z.string().min(1).max(100).optional().register(FIELD_WORDS, {
    description:
      "Changes nothing but the job's identity: the same dataset with the same recipe is trained again, as a new version.",
    takes: 'a text of 1 to 100 characters',
    ifOmitted: 'the same dataset with the same recipe is trained once',
    when: 'To train again without any change; `npx understudy train --force` sets it to the present time.',
    example: '2026-11-26',
  }),
});
export type Recipe = z.infer<typeof Recipe>;

/** A recipe as it is written to a file, where editors are told its schema. */
export const RecipeFile = Recipe.extend({
  $schema: z.string().optional(),
});

/** The number of the teacher's last blocks that a regime retrains, besides the head. */
export function retrainedBlocks(regime: string, blocks: number): number {
  if (regime === 'full') return blocks;
  const [, count = '0'] = /^blocks:(\d+)$/.exec(regime) ?? [];
  return Number(count);
}

/**
 * How to vary images during fine-tuning; `undefined` for not at all.
 *
 * @param mayFlip whether to mirror images if the recipe leaves it open
 */
export function augmentationOf(
  { augmentation }: Pick<Recipe, 'augmentation'>,
  mayFlip: boolean,
): Augmentation | undefined {
  if (augmentation === 'none') return undefined;
  const fields = augmentation === 'auto' ? AugmentationFields.parse({}) : augmentation;
  const how = { ...fields, flip: fields.flip ?? mayFlip };
  return how.flip || how.crop || how.colour ? how : undefined;
}

/** The teachers that a recipe allows, in the catalogue's order; none if it names one that is not there. */
export function teachersFor<Entry>(
  { teacher }: Pick<Recipe, 'teacher'>,
  catalogue: ReadonlyMap<string, Entry>,
): Entry[] {
  if (teacher === ANY_TEACHER) return [...catalogue.values()];
  const named = catalogue.get(teacher);
  return named === undefined ? [] : [named];
}
