import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '#engine/tensorflow/cache-folder.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { cifarImages } from './cifar-images.ts';
import { contenders, whole } from './options.ts';
import { runStudents } from './run-students.ts';

// `npx tsx bench/cifar.ts`: the accuracy of students on CIFAR-10, next to Keras with the same images and weights. The first five
// options can be repeated; all combinations are trained.
//
//   --per-class=100          training images per class: the first ones
//   --px=96                  height and width of the input; "auto" lets the freeze plan choose
//   --regime=blocks:4        head-only, blocks:k, full; "auto" lets the freeze plan choose
//   --teacher=…              a teacher's name; "auto" lets the freeze plan choose
//   --seed=1                 of everything random; the images are always the same
//   --minutes=60             the budget of each training of ours
//   --only=ours|keras        by default both; Keras is skipped wherever something is "auto"
//   --test=1000              test images
//   --images=FOLDER          of the npm package with the images

const { values } = parseArgs({
  options: {
    'per-class': { type: 'string', multiple: true, default: ['100'] },
    px: { type: 'string', multiple: true, default: ['96'] },
    regime: { type: 'string', multiple: true, default: ['head-only'] },
    teacher: { type: 'string', multiple: true, default: [DEFAULT_TEACHER] },
    seed: { type: 'string', multiple: true, default: ['1'] },
    minutes: { type: 'string', default: '60' },
    only: { type: 'string' },
    test: { type: 'string', default: '1000' },
    images: { type: 'string', default: join(cacheFolder(), 'bench', 'cifar-10') },
  },
});

const CLASSES = 10;
const SPLIT = { validation: 0.1, test: 0.05 }; // small, because the accuracy is measured on other images

await runStudents('cifar-10', async (train, say) => {
  const { ours, keras } = contenders(values.only);
  const minutes = whole(values.minutes);
  const test = await cifarImages(values.images, 'test', whole(values.test) / CLASSES, say);
  for (const perClass of values['per-class'].map(whole)) {
    const images = { train: await cifarImages(values.images, 'train', perClass, say), test };
    for (const px of values.px.map(pixels)) {
      for (const teacher of values.teacher) {
        for (const regime of values.regime) {
          for (const seed of values.seed.map(whole)) {
            const options = { teacher, px, regime, seed, minutes, split: SPLIT };
            if (ours) await train('ours', images, options);
            const isDecided = ![px, teacher, regime].includes('auto');
            if (keras && isDecided) await train('keras', images, options);
          }
        }
      }
    }
  }
});

function pixels(text: string): number | 'auto' {
  return text === 'auto' ? text : whole(text);
}
