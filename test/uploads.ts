import type { NewJob } from '#core/job.ts';

/** The uploads that tests make jobs of were complete at this time. */
export const noon = new Date('2026-11-24T12:00:00.000Z');

/** What an upload says of its job; of what is given, the rest does not matter. */
export const anUpload = (given: Partial<NewJob> = {}): NewJob => ({
  id: 'a'.repeat(64),
  bucket: 'understudy',
  name: 'pets',
  dataset: 'datasets/pets.zip',
  form: 'archive',
  seal: 's',
  recipeHash: 'r',
  recipeKey: 'datasets/pets.json',
  uploadedAt: noon.toISOString(),
  ...given,
});
