import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { studentKeys } from '#core/keys.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Pipeline } from '../connect.ts';
import { findStudent } from '../find-student.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target, withPipeline } from '../with-pipeline.ts';

export const download = (): Command =>
  new Command('download')
    .description("copy a student's files to a folder")
    .argument('<student>', 'its name for the latest version, or name/version')
    .argument('<folder>', 'made if it is not there')
    .addOption(stackOption())
    .option('--json', "print the student's card as JSON")
    .action((wanted: string, folder: string, { json, ...target }: Target & { json?: boolean }) =>
      withPipeline('storage', target, async (pipeline) => {
        const card = await findStudent(pipeline.objects, wanted);
        const { prefix } = studentKeys(card.student, card.version);
        for (const { path, sha256 } of card.files) {
          await fetchFile(pipeline, `${prefix}${path}`, inside(folder, path), sha256);
        }
        await fetchFile(pipeline, `${prefix}student.json`, inside(folder, 'student.json'));
        if (json) outJson(card);
        else
          out(
            `${card.student}/${card.version} lies in ${folder}; its README.md shows how to load it.`,
          );
      }),
    );

/** A card is a file in a bucket: it must not write elsewhere than into the folder. */
function inside(folder: string, path: string): string {
  const whole = resolve(folder, path);
  if (whole.startsWith(resolve(folder) + sep)) return whole;
  throw new CliError(
    EXIT.internal,
    `student.json names a file outside its folder (${path}); it is not to be trusted.`,
  );
}

/** Streams an object to disk under a temporary name; it gets its own when its digest is right. */
async function fetchFile({ s3, bucket }: Pipeline, Key: string, file: string, expected?: string) {
  await mkdir(dirname(file), { recursive: true });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const unfinished = join(dirname(file), `.${process.pid}.unfinished`);
  try {
    await flow(Body as Readable, hashing, createWriteStream(unfinished));
    if (expected !== undefined && hash.digest('hex') !== expected) {
      throw new CliError(
        EXIT.internal,
        `${Key} is not what student.json says; train the student again.`,
      );
    }
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}
