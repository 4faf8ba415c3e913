import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { ObjectChanged, type Objects } from '#ports';
import { BUCKET, runningS3 } from '#test/local/s3/running-s3.ts';

const TYPE = 'text/plain';

async function keysOf(listing: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listing) keys.push(key);
  return keys;
}

/** The ETag of an object that must exist. */
async function etagOf(objects: Objects, key: string): Promise<string> {
  const head = await objects.head(key);
  return head?.etag ?? expect.fail(`${key} is absent`);
}

/** What every implementation of the port must do. */
describe.each<[string, () => Promise<Objects>]>([
  ['in memory', async () => memoryObjects(BUCKET).objects],
  [
    'on S3',
    async () => s3Objects(BUCKET, (await runningS3({ client: { forcePathStyle: true } })).client),
  ],
])('the bucket %s', (_, open) => {
  it('has a name', async () => {
    expect((await open()).bucket).toBe(BUCKET);
  });

  it('describes an object, and returns undefined for an absent one', async () => {
    const objects = await open();
    await objects.write('a/b', 'héllo', TYPE);

    const head = await objects.head('a/b');
    expect(head).toMatchObject({ key: 'a/b', size: 6, etagIsMd5: true });
    expect(head?.etag).toMatch(/^[0-9a-f]{32}$/);
    expect(head?.lastModified).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await objects.head('a')).toBeUndefined();
  });

  it('lists by prefix, in the order of UTF-8 bytes, with the facts of each object', async () => {
    const objects = await open();
    for (const key of ['p/é', 'p/z', 'p/a/b', 'p/𝕏', 'p/\uFFFD', 'q/a', 'p']) {
      await objects.write(key, key, TYPE);
    }

    expect(await keysOf(objects.list('p/'))).toEqual(['p/a/b', 'p/z', 'p/é', 'p/\uFFFD', 'p/𝕏']);
    expect(await keysOf(objects.list('none/'))).toEqual([]);
    for await (const { key, size, etag } of objects.list('q/')) {
      expect({ key, size, etag }).toEqual({
        key: 'q/a',
        size: 3,
        etag: await etagOf(objects, key),
      });
    }
  });

  it('lists the top level below a prefix: objects, and folders without their contents', async () => {
    const objects = await open();
    for (const key of ['p/b.zip', 'p/a/1', 'p/a/2', 'p/c/d/e', 'p/A', 'q', 'p/']) {
      await objects.write(key, key, TYPE);
    }

    const { objects: found, folders } = await objects.listTopLevel('p/');
    expect(found.map(({ key }) => key)).toEqual(['p/', 'p/A', 'p/b.zip']);
    expect(found[2]?.etag).toBe(await etagOf(objects, 'p/b.zip'));
    expect(folders).toEqual(['p/a/', 'p/c/']);
    expect(await objects.listTopLevel('none/')).toEqual({ objects: [], folders: [] });
  });

  it('reads a text, alone or with its ETag, and returns undefined for an absent one', async () => {
    const objects = await open();
    await objects.write('a', 'héllo', TYPE);
    await objects.write('empty', '', TYPE);

    expect(await objects.readText('a')).toBe('héllo');
    expect(await objects.readText('empty')).toBe('');
    expect(await objects.readTextAndEtag('a')).toEqual({
      text: 'héllo',
      etag: await etagOf(objects, 'a'),
    });
    expect(await objects.readText('b')).toBeUndefined();
    expect(await objects.readTextAndEtag('b')).toBeUndefined();
  });

  it('reads a range, which ends with the object', async () => {
    const objects = await open();
    await objects.write('a', '0123456789', TYPE);
    const etag = await etagOf(objects, 'a');
    const text = async (start: number, end: number) =>
      Buffer.from(await objects.readRange('a', start, end, etag)).toString();

    expect(await text(0, 4)).toBe('0123');
    expect(await text(4, 5)).toBe('4');
    expect(await text(8, 100)).toBe('89');
  });

  it('refuses to read a range of an object that was changed or removed', async () => {
    const objects = await open();
    await objects.write('a', 'before', TYPE);
    const etag = await etagOf(objects, 'a');
    await objects.write('a', 'after', TYPE);

    await expect(objects.readRange('a', 0, 2, etag)).rejects.toThrow(ObjectChanged);
    await expect(objects.readRange('none', 0, 2, etag)).rejects.toThrow(ObjectChanged);
  });

  it('overwrites', async () => {
    const objects = await open();
    await objects.write('a', 'before', TYPE);
    await objects.write('a', 'after', TYPE);

    expect(await objects.readText('a')).toBe('after');
  });

  it('writes on the condition that the object is absent', async () => {
    const objects = await open();

    expect(await objects.writeIf('a', 'first', undefined)).toBe(true);
    expect(await objects.writeIf('a', 'second', undefined)).toBe(false);
    expect(await objects.readText('a')).toBe('first');
  });

  it('writes on the condition that the object is unchanged', async () => {
    const objects = await open();
    await objects.write('a', 'first', TYPE);
    const etag = await etagOf(objects, 'a');

    expect(await objects.writeIf('a', 'second', etag)).toBe(true);
    expect(await objects.writeIf('a', 'third', etag)).toBe(false);
    expect(await objects.writeIf('none', 'x', etag)).toBe(false);
    expect(await objects.readText('a')).toBe('second');
  });

  it('lets one of many conditional writers win', async () => {
    const objects = await open();
    const writes = Array.from({ length: 10 }, (_, i) => objects.writeIf('a', `${i}`, undefined));

    expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1);
  });

  it('gives size, sha256 and ETag of a whole object', async () => {
    const objects = await open();
    await objects.write('a', 'x'.repeat(300_000), TYPE);

    expect(await objects.digest('a')).toEqual({
      bytes: 300_000,
      sha256: sha256('x'.repeat(300_000)),
      etag: await etagOf(objects, 'a'),
    });
    expect(await objects.digest('b')).toBeUndefined();
  });

  it('gives the CRC-64 of a whole object, if it is unchanged', async () => {
    const objects = await open();
    await objects.write('a', '123456789', TYPE);
    const etag = await etagOf(objects, 'a');

    expect(await objects.crc64('a', etag)).toBe('rosUhgp5mIg='); // the catalogue's ae8b14860a799888
    await objects.write('a', 'another', TYPE);
    await expect(objects.crc64('a', etag)).rejects.toBeInstanceOf(ObjectChanged);
  });

  it('copies an object with any key, if it is unchanged', async () => {
    const objects = await open();
    const from = 'a b/ü+%?#.png';
    await objects.write(from, 'image', TYPE);
    const etag = await etagOf(objects, from);

    await objects.copy(from, 'copy', etag);
    expect(await objects.readText('copy')).toBe('image');

    await objects.write(from, 'another', TYPE);
    await expect(objects.copy(from, 'copy', etag)).rejects.toThrow(ObjectChanged);
    await expect(objects.copy('none', 'copy', etag)).rejects.toThrow(ObjectChanged);
    expect(await objects.readText('copy')).toBe('image');
  });

  it('deletes many objects, and does not mind absent ones', async () => {
    const objects = await open();
    const keys = Array.from({ length: 5 }, (_, i) => `p/${i} ü+%.bin`);
    for (const key of [...keys, 'q']) await objects.write(key, 'x', TYPE);

    await objects.remove([]);
    await objects.remove([...keys, ...Array.from({ length: 1_200 }, (_, i) => `absent/${i}`)]);
    expect(await keysOf(objects.list(''))).toEqual(['q']);
  });

  it('deletes on the condition that the object is unchanged', async () => {
    const objects = await open();
    await objects.write('a', 'first', TYPE);
    const etag = await etagOf(objects, 'a');
    await objects.write('a', 'second', TYPE);

    expect(await objects.removeIf('a', etag)).toBe(false);
    expect(await objects.removeIf('none', etag)).toBe(false);
    expect(await objects.removeIf('a', await etagOf(objects, 'a'))).toBe(true);
    expect(await objects.head('a')).toBeUndefined();
  });
});
