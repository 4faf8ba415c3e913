import { expect, it } from 'vitest';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { changeObject } from '#lambdas/change-object.ts';

it('loses no change of writers at the same time', async () => {
  const { objects } = memoryObjects();
  const add = (name: string) =>
    changeObject(objects, 'list', async (text = '') => {
      await Promise.resolve();
      return `${text}${name}`;
    });

  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));

  expect([...((await objects.readText('list')) ?? '')].sort().join('')).toBe('abcde');
});

it('writes nothing if there is nothing to change', async () => {
  const { objects, put } = memoryObjects();
  put('list', 'a');
  objects.writeIf = () => expect.fail('it was written');

  await changeObject(objects, 'list', () => undefined);
  await changeObject(objects, 'list', (text) => text);
});

it('gives up when others are faster in every try', async () => {
  const { objects } = memoryObjects();
  objects.writeIf = async () => false;

  await expect(changeObject(objects, 'list', () => 'a')).rejects.toThrow(
    'list was changed by others in each of 10 tries',
  );
});
