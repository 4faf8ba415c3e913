import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { type Manifest, readManifest } from '#core/manifest.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { CHANNELS, Hyperparameters } from '#core/plan.ts';
import { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { TrainingRefused } from './errors.ts';

export interface TrainingJob {
  asked: Hyperparameters;
  manifest: Manifest;
  recipe: Recipe;
  entry: TeacherEntry;
}

/**
 * Reads what is to be done, and checks that it is what was validated.
 *
 * @throws TrainingRefused
 */
export async function readJob(
  folders: MlFolder,
  catalogue: ReadonlyMap<string, TeacherEntry>,
): Promise<TrainingJob> {
  const asked = Hyperparameters.parse(JSON.parse(await readFile(folders.hyperparameters, 'utf8')));
  const manifest = readManifest(await pinned(folders, 'manifest', asked.manifest_sha256));
  const written = Recipe.parse(JSON.parse(await pinned(folders, 'recipe', asked.recipe_sha256)));
  const minutes = Number(asked.budget_seconds) / 60; // the dollars of the budget may be over before its minutes
  const recipe = { ...written, budget: { ...written.budget, minutes } };

  const entry = catalogue.get(recipe.teacher);
  if (!entry) {
    throw new TrainingRefused(
      'TEACHER_CHANGED',
      `The catalogue has no teacher "${recipe.teacher}".`,
    );
  }
  return { asked, manifest, recipe, entry };
}

async function pinned(
  folders: MlFolder,
  channel: 'manifest' | 'recipe',
  expected: string,
): Promise<string> {
  const { folder, file } = CHANNELS[channel];
  const text = await readFile(join(folders.channel(folder), file), 'utf8');
  if (sha256(text) === expected) return text;
  throw new TrainingRefused(
    'DATA_CHANGED',
    `${file} is not the one that the job was started with.`,
  );
}
