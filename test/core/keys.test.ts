import { describe, expect, it } from 'vitest';
import { datasetOf, parseS3Uri, studentKeys, uploadSealedBy } from '#core/keys.ts';

describe('uploadSealedBy', () => {
  it.each([
    ['datasets/pets.zip', { form: 'archive', name: 'pets', recipeKey: 'datasets/pets.json' }],
    [
      'datasets/pets/_READY',
      { form: 'folder', prefix: 'datasets/pets/', recipeKey: 'datasets/pets/dataset.json' },
    ],
    ['datasets/pets.rar', { form: 'stray' }],
  ])('reads %s as an upload', (key, upload) => {
    expect(uploadSealedBy(key)).toMatchObject(upload);
  });

  it.each([
    'datasets/',
    'datasets/pets.json',
    'datasets/.hidden',
    'datasets/pets/cat/1.png',
    'datasets/pets/cat/_READY',
    'students/a.zip',
  ])('starts nothing at %s', (key) => {
    expect(uploadSealedBy(key)).toBeUndefined();
  });
});

describe('datasetOf', () => {
  it.each([
    ['datasets/pets.zip', 'datasets/pets.zip'],
    ['datasets/pets/_READY', 'datasets/pets/'],
  ])('of the upload sealed by %s is %s', (key, dataset) => {
    const upload = uploadSealedBy(key);
    expect(upload && datasetOf(upload)).toBe(dataset);
  });
});

describe('parseS3Uri', () => {
  it('gives bucket and key, line breaks in keys included', () => {
    expect(parseS3Uri('s3://b/jobs/1/\nx')).toEqual({ bucket: 'b', key: 'jobs/1/\nx' });
  });

  it.each(['https://b/k', 's3://b', 's3:///k'])('refuses %s', (uri) => {
    expect(() => parseS3Uri(uri)).toThrow('is not an s3:// URI');
  });
});

describe('studentKeys', () => {
  it('put the card into the folder of its version', () => {
    const { prefix, card } = studentKeys('pets', '0123456789ab');
    expect(card).toBe(`${prefix}student.json`);
  });
});
