import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline as flow } from 'node:stream/promises';
import { Command } from 'commander';
import yazl from 'yazl';
import { type DemoData, DemoDataUnavailable, digits, photographs } from '#examples/demo-data.ts';
import { stateFolder } from '#local/endpoint-file.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { info, out } from '../output.ts';
import { trainDataset } from './train.ts';

export const demo = (): Command =>
  new Command('demo')
    .description('make a dataset, drop it into the bucket, and watch it become a student')
    .option('--images', 'small photographs instead of handwritten digits')
    .option('--json', 'print the job and the student as JSON')
    .action(async ({ images, json }: { images?: boolean; json?: boolean }) => {
      const folder = join(stateFolder(), 'demo');
      const data = await (images ? photographs(join(folder, 'cifar-10'), info) : digits()).catch(
        asStop,
      );
      info(`The demo drops ${data.what} into the bucket, as you would drop your own images.`);

      await mkdir(folder, { recursive: true });
      const zip = join(folder, `${data.name}.zip`);
      await writeZip(zip, data.examples);
      const strangers = await writeImages(join(folder, data.name), data.strangers);

      const recipe = undefined;
      await trainDataset(
        { name: data.name, recipe, source: 'zip', open: () => createReadStream(zip) },
        { json: json ?? false },
      );
      if (!json) out(tryIt(data, strangers));
    });

const asStop = (error: unknown): never => {
  if (error instanceof DemoDataUnavailable)
    throw new CliError(EXIT.internal, error.message, { cause: error });
  throw error;
};

/** A zip of class folders: what a user has. */
async function writeZip(file: string, examples: DemoData['examples']): Promise<void> {
  const zip = new yazl.ZipFile();
  const mtime = new Date('1980-01-01T00:00:00Z'); // the same bytes each time: the same job
  const unfinished = `${file}.${process.pid}`;
  try {
    const written = flow(zip.outputStream, createWriteStream(unfinished));
    let number = 0;
    for await (const { label, png } of examples) {
      number += 1;
      const name = `${label}/${String(number).padStart(5, '0')}.png`;
      zip.addBuffer(png, name, { mtime, mode: 0o100644, compress: false });
    }
    zip.end();
    await written;
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeImages(folder: string, images: DemoData['strangers']): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for await (const { label, png } of images) {
    const file = join(folder, `stranger-${files.length + 1}-${label}.png`);
    await writeFile(file, png);
    files.push(file);
  }
  return files;
}

const tryIt = ({ name }: DemoData, strangers: readonly string[]): string =>
  [
    '',
    'Try it on images it has never seen:',
    `  npx understudy predict ${name} ${strangers.map((file) => relative(process.cwd(), file)).join(' ')}`,
    'Then on your own: one folder of images a class,',
    '  npx understudy train my-images',
  ].join('\n');
