import { parseArgs } from 'node:util';
import { digits, type LabelledImage } from '#examples/demo-data.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { contenders, whole } from './options.ts';
import { runStudents } from './run-students.ts';
import type { LabelledPng } from './students.ts';

// `npx tsx bench/digits.ts`: the accuracy of a student of the demo's digits and the CPU-seconds of its whole training, next to
// logistic regression on the teacher's last features of the same images.
//
//   --minutes=10             the budget of our training
//   --seed=1                 can be repeated
//   --only=ours|keras        by default both
//   --test=1000              test images, which are other digits
//   --before                 keeps our result as the baseline for later ones

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', multiple: true, default: ['1'] },
    only: { type: 'string' },
    test: { type: 'string', default: '1000' },
    before: { type: 'boolean', default: false },
  },
});

const PX = 224; // the size that the default teacher was trained on

await runStudents('digits', async (train) => {
  const { ours, keras } = contenders(values.only);
  const minutes = whole(values.minutes);
  const { examples, samples } = await digits({ samples: whole(values.test) });
  const images = { train: await labelled(examples), test: await labelled(samples) };
  for (const seed of values.seed.map(whole)) {
    const demo = { teacher: 'auto', px: 'auto', regime: 'auto', seed, minutes } as const;
    if (ours) await train(values.before ? 'ours before' : 'ours', images, demo);
    const script = { ...demo, teacher: DEFAULT_TEACHER, px: PX, regime: 'head-only' };
    if (keras) await train('keras', images, script);
  }
});

async function labelled(images: AsyncIterable<LabelledImage>): Promise<LabelledPng[]> {
  const found: LabelledPng[] = [];
  for await (const { label, png } of images) found.push({ png, label: Number(label) });
  return found;
}
