import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { sha256 } from '#core/identity.ts';
import { MODEL_FILE, type TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { ENTRY_FILE } from '#teachers/import-teacher.ts';
import { verifyTeacherFiles } from '#teachers/verify-teacher-files.ts';
import { TrainingRefused } from '../job/errors.ts';
import { exists } from '../storage/atomic-file.ts';
import { withInputSize } from './input-size.ts';

export interface Teacher {
  entry: TeacherEntry;
  px: number; // height and width of the images that it is loaded for
  digest: string; // of its files and px
  model: LayersModel; // [b, px, px, 3], pixels 0 to 255 → logits of the classes it was trained on
  json: unknown; // model.json, for images of px
  weights: Uint8Array;
}

/** The environment variable for the folder of the teachers that an image contains, a folder per teacher. */
export const OWN_TEACHERS = 'UNDERSTUDY_TEACHERS';

/**
 * Those of the teachers that a job can reach, in the same order. Their files are compared with the catalogue only when
 * they are loaded.
 *
 * @param channel the folder of the teacher channel, which need not exist
 */
export async function availableTeachers(
  channel: string,
  entries: readonly TeacherEntry[],
): Promise<TeacherEntry[]> {
  const folders = await Promise.all(entries.map((entry) => folderOf(channel, entry)));
  return entries.filter((_, i) => folders[i] !== undefined);
}

/**
 * Loads a teacher from the job's channel if it is there, else the image's own copy.
 *
 * @param px height and width of the images that it is to take; by default those it was trained on
 * @throws TrainingRefused TEACHER_CHANGED unless the files are exactly those of the catalogue; INPUT_PX if the network
 *   does not take images of that size
 */
export async function loadTeacher(
  channel: string,
  entry: TeacherEntry,
  px = entry.input.px,
): Promise<Teacher> {
  const folder = await folderOf(channel, entry);
  if (folder === undefined) {
    throw new TrainingRefused('TEACHER_CHANGED', await noTeacher(channel, [entry]));
  }
  const differences = await verifyTeacherFiles(folder, entry);
  if (differences.length > 0) throw new TrainingRefused('TEACHER_CHANGED', differences.join(' '));

  const files = new Map<string, Buffer>();
  for (const { name } of entry.files) files.set(name, await readFile(join(folder, name)));
  const original: unknown = JSON.parse(files.get(MODEL_FILE)?.toString() ?? '');
  const json = px === entry.input.px ? original : withInputSize(original, px);
  files.set(MODEL_FILE, Buffer.from(JSON.stringify(json)));
  const artifacts = modelArtifacts((name) => files.get(name) ?? new Uint8Array());
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts)).catch((cause: unknown) => {
    if (px === entry.input.px) throw cause;
    // As with a Flatten over height and width: the weights behind it have the shape for one size of image.
    const reason = cause instanceof Error ? cause.message : String(cause);
    const what = `${entry.name} takes images of ${entry.input.px} px, not of ${px} px: ${reason}`;
    throw new TrainingRefused('INPUT_PX', what, { cause });
  });
  return {
    entry,
    px,
    digest: sha256(JSON.stringify([teacherDigest(entry), px])),
    model,
    json,
    weights: new Uint8Array(artifacts.weightData as ArrayBuffer),
  };
}

/** Why a job can reach none of these teachers, as a sentence. */
export async function noTeacher(
  channel: string,
  entries: readonly Pick<TeacherEntry, 'name'>[],
): Promise<string> {
  const names = entries.map(({ name }) => `"${name}"`).join(' or ');
  if (await exists(channel)) return `The job's teacher channel does not contain ${names}.`;
  const where = process.env[OWN_TEACHERS]
    ? `its image does not contain ${names}`
    : 'there is no image that contains one';
  return `The job has no teacher channel, and ${where}.`;
}

/** A teacher's folder: one in the channel, the channel itself, or the image's own; `undefined` if there is none. */
async function folderOf(channel: string, entry: TeacherEntry): Promise<string | undefined> {
  const inChannel = join(channel, entry.name);
  if (await isComplete(inChannel, entry)) return inChannel;
  const files = await readdir(channel).catch(() => undefined);
  if (files && (await isFor(entry, channel))) return channel;
  if (files?.length === 0) return undefined; // the image's own would cover up a mistake
  const own = join(process.env[OWN_TEACHERS] ?? '', entry.name);
  return process.env[OWN_TEACHERS] && (await exists(own)) ? own : undefined;
}

async function isComplete(folder: string, { files }: TeacherEntry): Promise<boolean> {
  const found = await Promise.all(files.map(({ name }) => exists(join(folder, name))));
  return found.every(Boolean);
}

/** Whether a folder is meant to hold this teacher: by its `teacher.json`, or without one by the files' digests. */
async function isFor(entry: TeacherEntry, folder: string): Promise<boolean> {
  const text = await readFile(join(folder, ENTRY_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return (await verifyTeacherFiles(folder, entry)).length === 0;
  return text.includes(JSON.stringify(entry.name)); // whatever else is in it, the digests decide
}
