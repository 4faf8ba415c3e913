import { expect, it } from 'vitest';
import { imageProblem } from '#lambdas/validate-dataset/image-header.ts';

it.each([
  ['cat/notes.txt', 'The file is not a JPEG, PNG, GIF or WebP image.'],
  ['cat/photo.JPG', 'The file is not a JPEG, PNG, GIF or WebP image, despite its name.'],
])('says of text named %s: %s', (path, what) => {
  expect(imageProblem(path, Buffer.from('hello'))?.what).toBe(what);
});
