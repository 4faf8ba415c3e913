import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { hasZstd } from '#lambdas/validate-dataset/archive-stream.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';
import { sealHeader, tarOf } from './tars.ts';

const KEY = 'datasets/pets.tar.gz';

async function listed(bytes: Uint8Array, key = KEY) {
  const { objects, put } = memoryObjects();
  put(key, bytes);
  const archive = await objects.head(key);
  if (!archive) throw new Error('the archive is not there');
  return listArchive(objects, archive);
}
const paths = ({ files }: Awaited<ReturnType<typeof listed>>) => files.map(({ path }) => path);
const codes = ({ problems }: Awaited<ReturnType<typeof listed>>) =>
  problems.map(({ code }) => code);

const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
const LONG = `${'long-'.repeat(50)}name/1.png`; // longer than a header's field
const pets = [
  { name: 'cat/', type: 'directory' },
  { name: 'cat/1.png', body: png },
  { name: 'dog/1.png', body: png },
  { name: LONG, body: png },
  { name: 'Café/1.png', body: png },
] as const;
const plain = await tarOf(pets);

describe('a tar', () => {
  it('may be made of the folder one is in, as "tar -C folder ." does it', async () => {
    const here = pets.map(({ name, ...rest }) => ({ ...rest, name: `./${name}` }));
    const found = await listed(await tarOf([{ name: './', type: 'directory' }, ...here]));

    expect(found.problems).toEqual([]);
    expect(found.folders).toEqual(['cat/']);
    expect(paths(found)).toEqual(['cat/1.png', 'dog/1.png', LONG, 'Café/1.png']);
  });

  it.each([
    ['plain', plain, 'tar'],
    ['compressed by gzip', gzipSync(plain), 'tar.gz'],
    [
      'compressed in two parts',
      Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))]),
      'tar.gz',
    ],
  ])('is listed with the place and checksum of each file: %s', async (_, bytes, packing) => {
    const found = await listed(bytes);

    expect(found.problems).toEqual([]);
    expect(found.warnings).toEqual([]);
    expect(found.packing).toBe(packing);
    expect(found.folders).toEqual(['cat/']);
    expect(paths(found)).toEqual(['cat/1.png', 'dog/1.png', LONG, 'Café/1.png']);
    for (const { record, fault } of found.files) {
      const { offset = 0, size = 0, crc32: sum } = record.entry ?? {};
      expect(plain.subarray(offset, offset + size)).toEqual(png);
      expect(sum).toBe(crc32(png));
      expect(fault).toBe('none');
    }
  });

  it('is told from a zip by its bytes, not by its name', async () => {
    expect(paths(await listed(plain, 'datasets/pets.zip'))).toHaveLength(4);
  });

  it('keeps texts, and what the ends of each image show', async () => {
    const noise = Buffer.alloc(3 * 64 * 64).map((_, i) => (i * i) % 251);
    const raw = { width: 64, height: 64, channels: 3 } as const;
    const whole = await sharp(noise, { raw }).png().toBuffer();
    const cut = whole.subarray(0, whole.length / 2);
    const found = await listed(
      await tarOf([
        { name: 'labels.csv', body: 'file,label' },
        { name: 'cat/cut.png', body: cut },
        { name: 'cat/empty.png', body: '' },
        { name: 'cat/text.png', body: 'not an image' },
      ]),
    );

    const [text, ...images] = found.files;
    expect(String(await text?.head())).toBe('file,label');
    const faults = images.map(({ fault }) => (typeof fault === 'object' ? fault.where : fault));
    expect(faults).toEqual(['cat/cut.png', 'cat/empty.png', 'cat/text.png']);
  });

  it('is the same in whatever pieces it arrives', async () => {
    const big = Buffer.alloc(300_000, 'x');
    const bytes = await tarOf([
      ...pets,
      { name: 'cat/big.png', body: big },
      ...pets.slice(1, 2).map((each) => ({ ...each, name: 'z/1.png' })),
    ]);
    const whole = await listed(bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 4 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const members = at.slice(1).map((end, i) => gzipSync(bytes.subarray(at[i], end)));
        const found = await listed(Buffer.concat(members));
        expect(found.files.map(({ record }) => record)).toEqual(
          whole.files.map(({ record }) => record),
        );
        expect(found.warnings).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('names in a tar', () => {
  it('are UTF-8, or Latin, which is told', async () => {
    const latin = await tarOf([{ name: 'Caf?/1.png', body: png }]);
    latin[3] = 0xe9;
    sealHeader(latin, 0);
    const found = await listed(latin);

    expect(paths(found)).toEqual(['Café/1.png']);
    expect(found.warnings?.map(({ code }) => code)).toEqual(['NAMES_GUESSED']);
  });

  it.each(['../cat/1.png', '/cat/1.png', 'cat/../../1.png', '..\\1.png', 'C:\\1.png'])(
    'must not lead out of it: %s',
    async (name) => {
      const found = await listed(await tarOf([...pets, { name, body: png }]));

      expect(codes(found)).toEqual(['ARCHIVE_UNREADABLE']);
      expect(found.problems[0]?.what).toMatch(/relative path|absolute path/);
    },
  );

  it('must not occur twice, but may differ in case only', async () => {
    const found = await listed(await tarOf([...pets, { name: 'cat/1.PNG', body: png }, pets[1]]));

    expect(codes(found)).toEqual(['ENTRY_TWICE']);
  });
});

describe('entries that are no files', () => {
  it.each([
    ['symlink', { type: 'symlink', linkname: '/etc/passwd' }],
    ['hard link', { type: 'link', linkname: 'cat/1.png' }],
    ['device', { type: 'character-device' }],
    ['pipe', { type: 'fifo' }],
    ['sparse file', { pax: { 'GNU.sparse.major': '1', 'GNU.sparse.size': '99' }, body: 'x' }],
  ] as const)('are refused by name: %s', async (_, header) => {
    const found = await listed(await tarOf([...pets, { name: 'cat/odd.png', ...header }]));

    expect(codes(found)).toEqual(['ENTRY_NOT_A_FILE']);
    expect(found.problems[0]?.where).toBe('cat/odd.png');
  });

  it('includes kinds that are not known, such as the sparse files of old GNU tars', async () => {
    const tar = await tarOf([{ name: 'cat/odd.png', body: 'x' }, pets[1]]);
    tar.write('S', 156);
    sealHeader(tar, 0);

    expect(codes(await listed(tar))).toEqual(['ENTRY_NOT_A_FILE']);
  });
});

describe('the end of a tar', () => {
  it('is missed, if the mark is not there', async () => {
    const end = plain.length - 1024;
    const found = await listed(gzipSync(plain.subarray(0, end)));

    expect(paths(found)).toHaveLength(4);
    expect(found.warnings?.map(({ code }) => code)).toEqual(['ARCHIVE_END_MISSING']);
  });

  it('is not the end, if another tar follows', async () => {
    const more = await tarOf([{ name: 'fox/1.png', body: png }]);
    const found = await listed(Buffer.concat([plain, more]));

    expect(paths(found)).toContain('fox/1.png');
    expect(found.warnings).toEqual([]);
  });

  it.each([7, 512, 100_000])('may be followed by %i bytes of garbage, which is told', async (n) => {
    const found = await listed(Buffer.concat([plain, Buffer.alloc(n, 'garbage')]));

    expect(paths(found)).toHaveLength(4);
    expect(found.warnings?.map(({ code }) => code)).toEqual(['ARCHIVE_TAIL']);
  });
});

describe('a damaged tar', () => {
  it('is refused wherever it was cut off, but between files, which is told', async () => {
    const packed = gzipSync(plain);
    const last = plain.length - 1024;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: last - 1 }), async (length) => {
        const cut = await listed(plain.subarray(0, length), 'datasets/pets.tar');
        const isTold = [...cut.problems, ...(cut.warnings ?? [])].some(({ code }) =>
          ['ARCHIVE_UNREADABLE', 'ARCHIVE_END_MISSING'].includes(code),
        );
        expect(isTold).toBe(true);
        if (length >= packed.length || length < 10) return;
        expect(codes(await listed(packed.subarray(0, length)))).toEqual(['ARCHIVE_UNREADABLE']);
      }),
    );
  });

  it('never throws and never hangs, whatever a few changed bytes do to it', async () => {
    const change = fc.tuple(fc.nat({ max: plain.length - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (changes, sealed) => {
          const tar = Buffer.from(plain);
          for (const [at, value] of changes) {
            tar[at] = value;
            if (sealed) sealHeader(tar, at - (at % 512));
          }
          await listed(tar);
          await listed(gzipSync(tar));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a pax header with a size beyond everything', { size: '99999999999999999999' }],
    ['a pax header with a size that is no number', { size: 'x' }],
    ['a pax header with a negative size', { size: '-1' }],
  ])('is refused for %s', async (_, pax) => {
    const found = await listed(await tarOf([{ name: 'cat/odd.png', body: 'x', pax }, pets[1]]));

    expect(codes(found)).toEqual(['ARCHIVE_UNREADABLE']);
  });

  it.each([
    ['something else', Buffer.from('this is no tar'.repeat(100)), /does not begin as one/],
    ['something else, compressed', gzipSync('this is no tar'.repeat(100)), /no tar/],
    ['nothing', Buffer.alloc(0), /it is empty/],
    [
      'compressed bytes that are damaged',
      Buffer.concat([gzipSync(plain).subarray(0, 60), Buffer.alloc(200, 7)]),
      /in its compression|cut off/,
    ],
  ])('is refused if it is %s', async (_, bytes, what) => {
    const found = await listed(bytes);

    expect(codes(found)).toEqual(['ARCHIVE_UNREADABLE']);
    expect(found.problems[0]?.what).toMatch(what);
  });

  it('passes errors of the bucket on, instead of blaming the archive', async () => {
    const { objects, put } = memoryObjects();
    put(KEY, gzipSync(plain));
    const archive = await objects.head(KEY);
    if (!archive) throw new Error('the archive is not there');
    let requests = 0;
    const { readRange } = objects;
    objects.readRange = (...range) =>
      requests++ === 0 ? readRange(...range) : Promise.reject(new Error('S3 is down'));

    await expect(listArchive(objects, archive)).rejects.toThrow('could not be read');
  });
});

describe('the limits', () => {
  it('refuse a bomb as soon as they pass', async () => {
    const bomb = gzipSync(await tarOf([{ name: 'cat/1.png', body: Buffer.alloc(60_000_000) }]));

    expect(codes(await listed(bomb))).toEqual(['ARCHIVE_BOMB']);
  });

  it('refuse names that are too long in total', async () => {
    const name = (i: number) => `${'x'.repeat(300_000)}${i}`;
    const long = await tarOf(Array.from({ length: 120 }, (_, i) => ({ name: name(i), body: '' })));

    const found = await listed(long, 'datasets/pets.tar');
    expect(codes(found)).toEqual(['ARCHIVE_TOO_LARGE']);
    expect(found.problems[0]?.what).toContain('names of more than 32 million characters');
  });
});

describe('other kinds of archives', () => {
  it.each([
    ['bzip2', '425a6839314159265359'],
    ['xz', 'fd377a585a0000'],
    ['7z', '377abcaf271c'],
    ['RAR', '526172211a0700'],
  ])('are refused by their name: %s', async (kind, hex) => {
    const found = await listed(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(99)]));

    expect(codes(found)).toEqual(['ARCHIVE_COMPRESSION']);
    expect(found.problems[0]?.what).toContain(kind);
  });

  it.skipIf(hasZstd())(
    'refuses Zstandard on a Node that cannot unpack it, with the remedy',
    async () => {
      const found = await listed(Buffer.from('28b52ffd2400000000', 'hex'));

      expect(codes(found)).toEqual(['ARCHIVE_COMPRESSION']);
      expect(found.problems[0]?.what).toContain('22.15');
    },
  );
});
