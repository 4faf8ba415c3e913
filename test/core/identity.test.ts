import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  archiveSeal,
  folderSeal,
  jobIdOf,
  recipeHash,
  slug,
  trainingJobName,
} from '#core/identity.ts';

const object = {
  key: 'datasets/p.zip',
  size: 9,
  etag: 'e',
  lastModified: '2026-11-24T12:00:00.000Z',
};
const upload = { bucket: 'b', dataset: 'datasets/p.zip', seal: 's', recipeHash: 'r' };

describe('jobIdOf', () => {
  it('is the same for the same upload and another for any changed part', () => {
    const ids = [
      upload,
      { ...upload, bucket: 'c' },
      { ...upload, dataset: 'd' },
      { ...upload, seal: 't' },
      { ...upload, recipeHash: 'q' },
    ].map(jobIdOf);

    expect(jobIdOf({ ...upload })).toBe(ids[0]);
    expect(new Set(ids).size).toBe(5);
  });
});

describe('seals', () => {
  it('name content and not time', () => {
    const again = {
      ...object,
      crc64nvme: 'x',
      lastModified: '2027-01-01T00:00:00.000Z',
      versionId: '2',
    };

    expect(archiveSeal({ ...object, crc64nvme: 'x' })).toBe(archiveSeal(again));
    expect(archiveSeal({ ...object, crc64nvme: 'y' })).not.toBe(archiveSeal(again));
  });

  it('of a folder do not depend on the order of the listing', () => {
    const other = { ...object, key: 'datasets/q' };

    expect(folderSeal([object, other])).toBe(folderSeal([other, object]));
    expect(folderSeal([object, other])).not.toBe(folderSeal([object]));
  });

  it('tell an empty recipe from none', () => {
    expect(recipeHash('')).not.toBe(recipeHash(undefined));
  });
});

describe('trainingJobName', () => {
  it.each([
    ['My Pets (2026)', 'my-pets-2026'],
    ['Äpfel & Bäume', 'apfel-baume'],
    ['猫', 'dataset'],
    ['a-very-long-dataset-name-indeed', 'a-very-long-dataset'],
  ])('makes %s the slug %s', (name, expected) => {
    expect(slug(name)).toBe(expected);
  });

  it('is what SageMaker accepts for any name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 999 }),
        (name, attempt) => {
          expect(trainingJobName(name, 'f'.repeat(64), attempt)).toMatch(
            /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
          );
        },
      ),
    );
  });
});
