import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import yazl from 'yazl';
import { type DemoData, DemoDataUnavailable, digits, photographs } from '#examples/demo-data.ts';
import { replaceFile } from '#local/durable-files.ts';
import { stateFolder } from '#local/find-state-folder.ts';
import { makePrivateFolder } from '#local/private-folder.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { info, out } from '../output.ts';
import { trainDataset } from '../train-dataset.ts';

interface DemoOptions {
  photos?: boolean;
  force?: boolean;
  json?: boolean;
  verbose?: boolean;
}

export const demo = (): Command =>
  new Command('demo')
    .option('--photos', 'small photographs instead of handwritten digits')
    .option('--force', 'train again, as a new version')
    .option('--json', 'print the job and the student as JSON')
    .option('--verbose', 'print everything that was measured')
    .action(async ({ photos, force, json, verbose }: DemoOptions) => {
      await makePrivateFolder(stateFolder());
      const folder = join(stateFolder(), 'demo');
      const data = await (photos ? photographs(join(folder, 'cifar-10'), info) : digits()).catch(
        asCliError,
      );
      info(`The demo uploads ${data.what} to the bucket, as you would upload your own images.`);

      await mkdir(folder, { recursive: true });
      const zip = join(folder, `${data.name}.zip`);
      await writeZip(zip, data.examples);
      const samples = await writeImages(join(folder, data.name), data.samples);

      const { name } = data;
      await trainDataset(
        { name, recipe: undefined, open: () => createReadStream(zip) },
        { force: force ?? false, json: json ?? false, verbose: verbose ?? false },
        samples.map((file) => relative(process.cwd(), file)),
      );
      if (!json) out(OWN);
    });

const asCliError = (error: unknown): never => {
  if (error instanceof DemoDataUnavailable)
    throw new CliError(EXIT.internal, error.message, { cause: error });
  throw error;
};

/** Writes a zip of class folders, as a user would have it. */
function writeZip(file: string, examples: DemoData['examples']): Promise<void> {
  const zip = new yazl.ZipFile();
  const mtime = new Date('1980-01-01T00:00:00Z'); // the same bytes each time: the same job
  const addAll = async () => {
    let number = 0;
    for await (const { label, png } of examples) {
      number += 1;
      const name = `${label}/${String(number).padStart(5, '0')}.png`;
      zip.addBuffer(png, name, { mtime, mode: 0o100644, compress: false });
    }
    zip.end();
  };
  return replaceFile(file, async (write) => {
    const copy = async () => {
      for await (const chunk of zip.outputStream) await write(chunk as Buffer);
    };
    await Promise.all([addAll(), copy()]);
  });
}

async function writeImages(folder: string, images: DemoData['samples']): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for await (const { label, png } of images) {
    const file = join(folder, `sample-${files.length + 1}-${label}.png`);
    await writeFile(file, png);
    files.push(file);
  }
  return files;
}

const OWN = `
Then train on your own images, in one folder per class:
  npx understudy train FOLDER`;
