import {
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUtf8, keyIndex } from '#local/s3/key-index.ts';
import { listPage } from '#local/s3/listing.ts';
import type { StoredObject } from '#local/s3/stored-object.ts';
import { BUCKET, type RunningS3, runningS3 } from './running-s3.ts';

async function fill({ endpoint }: RunningS3, keys: readonly string[]): Promise<void> {
  const left = [...keys];
  const one = async () => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const path = key.split('/').map(encodeURIComponent).join('/');
      await fetch(`${endpoint}/${BUCKET}/${path}`, { method: 'PUT', body: 'x' });
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

const anObject = (key: string): StoredObject => ({
  key,
  size: 0,
  etag: '',
  lastModified: '',
  sequencer: '',
  checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: '' },
  headers: {},
  data: [],
});
const indexOf = (keys: readonly string[]) =>
  keyIndex(keys.map((key) => [key, anObject(key)] as const));

describe('compareUtf8', () => {
  it('orders as the UTF-8 bytes do', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareUtf8(a, b))).toBe(expected);
      }),
    );
    expect(compareUtf8('\uff61', '\u{1f600}')).toBeLessThan(0); // which `<` gets wrong
  });
});

describe('keyIndex', () => {
  it('holds what a sorted list of its keys holds, after any changes', () => {
    const key = fc.string({
      unit: fc.constantFrom('a', 'b', '/', '\uff61', '\u{1f600}'),
      maxLength: 4,
    });
    const changes = fc.array(fc.tuple(fc.boolean(), key), { maxLength: 60 });
    fc.assert(
      fc.property(changes, key, (steps, probe) => {
        const index = keyIndex<number>();
        const expected = new Set<string>();
        for (const [add, name] of steps) {
          if (add) index.set(name, 1);
          else index.delete(name);
          if (add) expected.add(name);
          else expected.delete(name);
        }

        const sorted = [...expected].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(sorted.map((_, i) => index.keyAt(i))).toEqual(sorted);
        expect(index.keyAt(index.size)).toBeUndefined();
        expect(index.seek(probe)).toBe(sorted.filter((one) => compareUtf8(one, probe) < 0).length);
      }),
    );
  });
});

describe('listPage', () => {
  it('shows every key or its common prefix exactly once, in order, for any size of page', () => {
    const key = fc.string({
      unit: fc.constantFrom('a', 'b', '/', '\u{1f600}'),
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 40 }),
        fc.constantFrom('', 'a', 'a/', '/'),
        fc.constantFrom('', '/', 'a', 'b/'),
        fc.integer({ min: 1, max: 7 }),
        (keys, prefix, delimiter, limit) => {
          const index = indexOf(keys);

          const shown: string[] = [];
          for (let after: string | undefined = ''; after !== undefined; ) {
            const page = listPage(index, { prefix, delimiter, after, limit });
            const entries = [...page.objects.map((object) => object.key), ...page.prefixes];
            expect(entries.length).toBeLessThanOrEqual(limit);
            shown.push(...entries.sort(compareUtf8));
            after = page.next;
          }

          const listed = keys
            .filter((one) => one.startsWith(prefix))
            .map((one) => {
              const end = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
              return end < 0 ? one : one.slice(0, end + delimiter.length);
            });
          expect(shown).toEqual([...new Set(listed)].sort(compareUtf8));
        },
      ),
    );
  });

  it('does not walk through what lies behind a common prefix', () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => `folder/${i}`);
    const index = indexOf([...keys, 'z']);
    const start = performance.now();

    const ask = { prefix: '', delimiter: '/', after: '', limit: 1_000 };
    for (let i = 0; i < 1_000; i++) expect(listPage(index, ask).prefixes).toEqual(['folder/']);

    expect(performance.now() - start).toBeLessThan(2_000); // milliseconds for 1,000 listings
  });
});

describe('ListObjectsV2', () => {
  it('gives more than a thousand keys page by page', async () => {
    const s3 = await runningS3();
    const keys = Array.from(
      { length: 1_050 },
      (_, i) => `images/${String(i).padStart(5, '0')}.png`,
    );
    await fill(s3, keys);

    const pages = [];
    for await (const page of paginateListObjectsV2({ client: s3.client }, { Bucket: BUCKET })) {
      pages.push(page);
    }

    expect(pages.map(({ KeyCount }) => KeyCount)).toEqual([1_000, 50]);
    expect(pages.flatMap(({ Contents = [] }) => Contents.map(({ Key }) => Key))).toEqual(keys);
  });

  it('groups by delimiter, starts after a key and tells size, ETag, date and owner', async () => {
    const now = new Date('2026-11-24T10:11:12.345Z');
    const s3 = await runningS3({ now: () => now });
    await fill(s3, ['a', 'cats/1', 'cats/2', 'dogs/', 'dogs/1', 'e']);
    const ask = { Bucket: BUCKET, Delimiter: '/' };

    const all = await s3.client.send(new ListObjectsV2Command({ ...ask, FetchOwner: true }));
    const some = await s3.client.send(
      new ListObjectsV2Command({ ...ask, StartAfter: 'cats/1', MaxKeys: 2 }),
    );
    const inside = await s3.client.send(new ListObjectsV2Command({ ...ask, Prefix: 'dogs/' }));

    expect(all.Contents).toMatchObject([
      {
        Key: 'a',
        Size: 1,
        ETag: '"9dd4e461268c8034f5c8564e155c67a6"',
        Owner: { ID: '000000000000' },
      },
      { Key: 'e', LastModified: new Date('2026-11-24T10:11:12Z') },
    ]);
    expect(all.CommonPrefixes).toEqual([{ Prefix: 'cats/' }, { Prefix: 'dogs/' }]);
    expect(some.CommonPrefixes).toEqual([{ Prefix: 'cats/' }, { Prefix: 'dogs/' }]);
    expect([some.IsTruncated, some.KeyCount]).toEqual([true, 2]);
    expect(inside.Contents?.map(({ Key }) => Key)).toEqual(['dogs/', 'dogs/1']);
  });
});

describe('ListObjects', () => {
  it('goes on from its marker', async () => {
    const s3 = await runningS3();
    await fill(s3, ['a/1', 'a/2', 'b', 'c']);
    const ask = { Bucket: BUCKET, Delimiter: '/', MaxKeys: 1 };

    const first = await s3.client.send(new ListObjectsCommand(ask));
    const second = await s3.client.send(
      new ListObjectsCommand({ ...ask, Marker: first.NextMarker }),
    );

    expect(first).toMatchObject({ CommonPrefixes: [{ Prefix: 'a/' }], NextMarker: 'a/' });
    expect(second.Contents).toMatchObject([{ Key: 'b' }]);
  });
});
