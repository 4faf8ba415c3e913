import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { findTeachers } from '#lambdas/launch-training/find-teachers.ts';

const FILES = ['model.json', 'weights.bin'];
const contentOf = (teacher: string, file: string) => `${file} of ${teacher}`;
const entryOf = (name: string) => ({
  name,
  files: FILES.map((file) => {
    const content = contentOf(name, file);
    return { name: file, bytes: content.length, sha256: sha256(content) };
  }),
});
const teachers = new Map(['small', 'large'].map((name) => [name, entryOf(name)]));

let bucket: ReturnType<typeof memoryObjects>;
beforeEach(() => {
  bucket = memoryObjects();
});

const bring = (name: string, files = FILES) => {
  for (const file of files) bucket.put(`teachers/${name}/${file}`, contentOf(name, file));
};
const find = (teacher: string, teachersInImage: string[] = []) =>
  findTeachers({ objects: bucket.objects, teachers, teachersInImage }, { teacher });
const failed = (what: string) => ({ failure: { code: 'TEACHER_CHANGED', what } });

describe('findTeachers, for a recipe that names one', () => {
  it('finds it in the image', async () => {
    expect(await find('large', ['small', 'large'])).toEqual({ channel: undefined });
  });

  it('finds it in the bucket, where the image has others', async () => {
    bring('large');

    expect(await find('large', ['small'])).toEqual({ channel: 'teachers/large/' });
  });

  it('does not take another for it', async () => {
    bring('small');

    expect(await find('large')).toMatchObject(failed('teachers/large/model.json is missing.'));
  });

  it('does not take a part of it', async () => {
    bring('large', ['model.json']);

    expect(await find('large')).toMatchObject(failed('teachers/large/weights.bin is missing.'));
  });
});

describe('findTeachers, for any teacher', () => {
  it('needs no channel where the image has all', async () => {
    bucket.put('teachers/large/model.json', 'never read');

    expect(await find('auto', ['small', 'large'])).toEqual({ channel: undefined });
  });

  it('takes the bucket’s, even if one is missing or incomplete', async () => {
    bring('small');
    expect(await find('auto')).toEqual({ channel: 'teachers/' });

    bring('large', ['weights.bin']);
    expect(await find('auto')).toEqual({ channel: 'teachers/' });
  });

  it('is content with the image’s where the bucket has none', async () => {
    expect(await find('auto', ['small'])).toEqual({ channel: undefined });
  });

  it.each([
    ['in neither', []],
    ['in the image, too', ['large']],
  ])('refuses one that was changed in the bucket, %s', async (_, inImage) => {
    bring('small');
    bring('large');
    bucket.put('teachers/large/weights.bin', 'other weights');

    expect(await find('auto', inImage)).toMatchObject(
      failed("teachers/large/weights.bin differs from the catalogue's file."),
    );
  });

  it('needs at least one', async () => {
    expect(await find('auto')).toMatchObject(failed('The bucket has no complete teacher.'));
  });
});
