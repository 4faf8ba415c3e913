import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { type Manifest, readManifest } from '#core/manifest.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { Recipe, teachersFor } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { CHANNELS, Hyperparameters } from '#core/training-contract.ts';
import { availableTeachers, noTeacher } from '../features/load-teacher.ts';
import { TrainingRefused } from './errors.ts';

/** The inputs of a training job, as the launcher wrote them. */
export interface TrainingJob {
  hyperparameters: Hyperparameters;
  manifest: Manifest;
  recipe: Recipe;
  candidates: readonly TeacherEntry[]; // the recipe's teachers that can be reached, at least one, the quickest first
}

/**
 * Reads the job, and verifies that manifest and recipe are the ones that it was launched with.
 *
 * @throws TrainingRefused DATA_CHANGED or TEACHER_CHANGED
 */
export async function readJob(
  folders: MlFolder,
  catalogue: ReadonlyMap<string, TeacherEntry>,
): Promise<TrainingJob> {
  const hyperparameters = Hyperparameters.parse(
    JSON.parse(await readFile(folders.hyperparameters, 'utf8')),
  );
  const { manifest_sha256, recipe_sha256 } = hyperparameters;
  const manifest = readManifest(await readChannel(folders, 'manifest', manifest_sha256));
  const recipe = Recipe.parse(JSON.parse(await readChannel(folders, 'recipe', recipe_sha256)));

  const allowed = teachersFor(recipe, catalogue);
  if (allowed.length === 0) {
    const what = `The catalogue has no teacher "${recipe.teacher}".`;
    throw new TrainingRefused('TEACHER_CHANGED', what);
  }
  const channel = folders.channel(CHANNELS.teacher.folder);
  const candidates = await availableTeachers(channel, allowed);
  if (candidates.length === 0) {
    throw new TrainingRefused('TEACHER_CHANGED', await noTeacher(channel, allowed));
  }
  return { hyperparameters, manifest, recipe, candidates };
}

async function readChannel(
  folders: MlFolder,
  channel: 'manifest' | 'recipe',
  expectedSha256: string,
): Promise<string> {
  const { folder, file } = CHANNELS[channel];
  const text = await readFile(join(folders.channel(folder), file), 'utf8');
  if (sha256(text) === expectedSha256) return text;
  const what = `${file} is not the one that the job was launched with.`;
  throw new TrainingRefused('DATA_CHANGED', what);
}
