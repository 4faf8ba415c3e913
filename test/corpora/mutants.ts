import sharp from 'sharp';
import { checkImages } from '#lambdas/validate-dataset/check-images.ts';
import { randomBytes } from '#test/random.ts';
import { tryDecodeImage } from '#training-image/data/decode-image.ts';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { answerOf, fileOf, judgeArchive, judgeFiles } from './judge.ts';
import { IMAGES, TABLES } from './tables.ts';
import { writeZip } from './write-zip.ts';

/** A kind of input: small valid ones, and what is done with one that was changed. @returns how it was answered */
interface Kind {
  seeds: readonly Buffer[];
  answer(mutant: Buffer): Promise<string>;
}

/** The kinds of input that are changed at random; the same number always gives the same mutant. */
export async function mutants(): Promise<(number: number) => Promise<string>> {
  const image = await picture(8).png().toBuffer();
  const kinds: Kind[] = [await archives(image), await images(), tables(image), recipes(image)];
  return async (number) => {
    const random = mulberry32(number);
    const kind = kinds[Math.floor(random() * kinds.length)];
    const seed = kind?.seeds[Math.floor(random() * kind.seeds.length)];
    if (!kind || !seed) return 'none';
    return kind.answer(mutated(seed, random, kind.seeds));
  };
}

const picture = (side: number) =>
  sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } });

async function archives(image: Buffer): Promise<Kind> {
  const entries = IMAGES.map((name) => ({ name, data: image }));
  const jpeg = await picture(16).jpeg().toBuffer();
  const recipe = { name: 'dataset.json', data: Buffer.from('{"seed": 3}') };
  const list = {
    name: 'labels.csv',
    data: Buffer.from(IMAGES.map((path) => `${path},x\n`).join('')),
  };
  const seeds = [
    writeZip(entries),
    writeZip(entries.map((each) => ({ ...each, method: 0 }))),
    writeZip([...entries.map((each) => ({ ...each, data: jpeg, flags: 0x808 })), recipe, list]),
    writeZip(
      entries.map((each) => ({ ...each, zip64: true })),
      { zip64: true },
    ),
  ];
  return { seeds, answer: async (bytes) => answerOf(await judgeArchive(bytes)) };
}

async function images(): Promise<Kind> {
  const seeds: Buffer[] = [];
  for (const format of ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const)
    seeds.push(await picture(24).toFormat(format).toBuffer());
  seeds.push(
    await picture(24).jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
  );
  seeds.push(await picture(24).toColourspace('rgb16').png().toBuffer());
  return {
    seeds,
    async answer(bytes) {
      const { problems, warnings } = await checkImages([fileOf('a/1.jpg', bytes)]);
      const [first] = [...problems, ...warnings];
      if (first && first.where !== 'a/1.jpg') throw new Error(`the refusal names ${first.where}`);
      const decoded = await tryDecodeImage(new Uint8Array(bytes), 16);
      if (problems[0]) return problems[0].code;
      return 'problem' in decoded ? 'refused when decoded' : 'accepted';
    },
  };
}

/** The name says how a list is read; the recipe is one of them. */
function filesOf(name: string, seeds: readonly Buffer[], image: Buffer): Kind {
  const others = Object.fromEntries(IMAGES.map((path) => [path, image]));
  return {
    seeds,
    answer: async (bytes) => answerOf(await judgeFiles({ ...others, [name]: bytes })),
  };
}

function tables(image: Buffer): Kind {
  const small = TABLES.flatMap(({ files }) => Object.entries(files)).filter(
    ([, text]) => text.length > 0 && text.length < 10_000,
  );
  const seeds = small.map(([, text]) => Buffer.from(text as string));
  const names = [
    'labels.csv',
    'labels.jsonl',
    'labels.txt',
    'annotations.json',
    'metadata.csv',
    'x.manifest',
    'annotations.xml',
  ];
  const readers = names.map((name) => filesOf(name, seeds, image));
  return {
    seeds,
    answer: (bytes) =>
      (readers[bytes.length % readers.length] ?? filesOf('x.csv', [], image)).answer(bytes),
  };
}

const recipes = (image: Buffer): Kind =>
  filesOf(
    'dataset.json',
    [
      '{"seed": 3, "regime": "blocks:2", "split": {"validation": 0.1, "test": 0.2}}',
      '{\n  "//": ["a", "b"],\n  "augmentation": {"flip": true, "crop": false},\n  "budget": {"minutes": 5, "dollars": 1.5}\n}',
      '{"instance_types": ["ml.g5.xlarge"], "class_weights": "none", "refit": false, "again": "\\u0041"}',
    ].map((text) => Buffer.from(text)),
    image,
  );

/** One to four changes: bits, bytes, numbers that are often limits, ends cut off, parts moved, doubled or taken from others. */
function mutated(seed: Buffer, random: () => number, others: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(seed);
  const upTo = (n: number) => Math.floor(random() * n);
  for (let change = 1 + upTo(4); change > 0 && bytes.length > 0; change--) {
    const at = upTo(bytes.length);
    const end = Math.min(bytes.length, at + 1 + upTo(random() < 0.5 ? 8 : bytes.length));
    switch (upTo(7)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << upTo(8));
        break;
      case 1:
        for (let i = at; i < Math.min(end, at + 16); i++) bytes[i] = upTo(256);
        break;
      case 2:
        bytes.fill([0, 0xff, 0x7f, 0x80][upTo(4)] ?? 0, at, Math.min(end, at + 8));
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
        break;
      default: {
        const other = others[upTo(others.length)] ?? seed;
        const from = upTo(other.length);
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          other.subarray(from, from + upTo(200)),
          bytes.subarray(at),
        ]);
      }
    }
  }
  return bytes;
}
