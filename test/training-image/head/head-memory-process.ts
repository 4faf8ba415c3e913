import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import { chooseHeads, fitHead } from '#training-image/head/fit-head.ts';
import { createRowFile, floatRows } from '#training-image/storage/row-file.ts';
import { never, quiet } from '../quiet.ts';

// Fits a head on as many examples as its first argument says, in the folder that the second names, and says what it took.
const D = 1280; // as EfficientNet-Lite0 has
const CLASSES = 4;
const AT_ONCE = 250;

async function fitOnce(n: number, folder: string) {
  const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
  const rows = await createRowFile(join(folder, 'features.f32'), D * 4);
  const random = mulberry32(1);
  const noise = Float32Array.from({ length: 100_003 }, () => 2 * random());
  for (let from = 0; from < n; from += AT_ONCE) {
    const some = Float32Array.from({ length: AT_ONCE * D }, (_, i) => {
      const isOwn = i % D < 40 && i % CLASSES === labels[from + Math.floor(i / D)];
      return (noise[(from * D + i) % noise.length] ?? 0) + (isOwn ? 0.3 : 0);
    });
    await rows.write(from, some);
  }
  const features = floatRows(rows);
  const indices = (isWanted: (i: number) => boolean) =>
    Int32Array.from([...labels.keys()].filter(isWanted));
  const isHeldOut = (i: number) => i % 10 === 9;
  const split = { train: indices((i) => !isHeldOut(i)), heldOut: indices(isHeldOut) };
  const weigh = () => new Array<number>(CLASSES).fill(1);
  const data = { features, labels, weigh, scratch: folder };
  const heads = await chooseHeads(data, { splits: [split], folds: 1 }, quiet, never);
  const { examples } = await fitHead(
    data,
    indices(() => true),
    heads,
    quiet,
    never,
  );
  await rows.close();
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return { peakBytes: 1024 * Number(kilobytes), examples };
}

const [, , number = '', place = ''] = process.argv;
process.stdout.write(JSON.stringify(await fitOnce(Number(number), place)));
