import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest, ManifestExample, ObjectRecord, Packing } from '#core/manifest.ts';
import { zipOf } from '#examples/job-folder.ts';
import { FileRefused, openDataset } from '#training-image/data/read-dataset.ts';

const TEXT = '123456789'; // the check string of every catalogue of checksums
const CRC64NVME = Buffer.from('ae8b14860a799888', 'hex').toString('base64');
const MD5 = '25f9e794323b453885f5181f1b624d0b';
const KEY = 'datasets/things/a/1.png';

const zip = await zipOf({ 'a/1.png': Buffer.from(TEXT) });
const root = await mkdtemp(join(tmpdir(), 'understudy-dataset-'));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'dataset-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function write(key: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), content);
}

const record = (fields: Partial<ObjectRecord> = {}): ObjectRecord => ({
  key: KEY,
  size: TEXT.length,
  etag: 'an-etag-of-parts-2',
  etagIsMd5: false,
  ...fields,
});
const manifest = (archive?: ObjectRecord): Manifest => ({
  header: {
    schema: 1,
    dataset: 'datasets/things',
    format: 'class-folders',
    classes: ['a', 'b'],
    examples: 1,
    ...(archive && { archive }),
  },
  examples: [],
});
const refusal = (code: string, what: RegExp) =>
  expect.objectContaining({ name: 'FileRefused', code, message: expect.stringMatching(what) });

describe('an object of a folder', () => {
  const read = async (object: ObjectRecord) =>
    (await openDataset(folder, manifest(), folder)).read({ path: 'a/1.png', label: 0, object });

  it.each([
    ['its MD5', { etag: MD5, etagIsMd5: true }],
    ['its CRC-64', { crc64nvme: CRC64NVME }],
    ['its MD5, where both are known', { etag: MD5, etagIsMd5: true, crc64nvme: 'AAAAAAAAAAA=' }],
    ['its size, where nothing else is known', {}],
  ])('is read when it has %s', async (_, fields) => {
    await write(KEY, TEXT);

    expect((await read(record(fields))).toString()).toBe(TEXT);
  });

  it.each([
    [
      'another MD5',
      { etag: MD5, etagIsMd5: true },
      '123456780',
      /^a\/1\.png has a different MD5\.$/,
    ],
    ['another CRC-64', { crc64nvme: CRC64NVME }, '123456780', /CRC-64/],
    ['another size', {}, '12345678', /8 bytes instead of 9/],
  ])('is refused when it has %s', async (_, fields, content, what) => {
    await write(KEY, content);

    await expect(read(record(fields))).rejects.toEqual(refusal('DATA_CHANGED', what));
  });

  it('is refused when it is missing', async () => {
    await expect(read(record())).rejects.toEqual(refusal('DATA_CHANGED', /^a\/1\.png is missing/));
  });
});

describe('an archive', () => {
  const ARCHIVE = 'datasets/things.zip';
  const entry = (fields = {}) => ({
    path: 'a/1.png',
    label: 0,
    entry: { name: 'a/1.png', size: TEXT.length, crc32: 0xcbf43926, ...fields },
  });
  const open = async (content: Uint8Array, fields: Partial<ObjectRecord> = {}) => {
    await write(ARCHIVE, content);
    const archive = record({ key: ARCHIVE, size: content.length, ...fields });
    return openDataset(folder, manifest(archive), folder);
  };

  it('gives its entries, by name', async () => {
    const dataset = await open(zip);

    expect((await dataset.read(entry())).toString()).toBe(TEXT);
    dataset.close();
  });

  it.each([
    ['backslashes', 'a\\1.png'],
    ['a dot', './a/1.png'],
  ])('gives an entry with %s by the name that was validated', async (_, name) => {
    const raw = await zipOf({ [name.replaceAll('\\', '|')]: Buffer.from(TEXT) });
    for (let at = raw.indexOf('a|1'); at >= 0; at = raw.indexOf('a|1', at)) raw.write('\\', at + 1);
    const dataset = await open(raw);

    expect((await dataset.read(entry())).toString()).toBe(TEXT);
    dataset.close();
  });

  it.each([
    ['is not in it', { name: 'a/2.png' }, /not in the archive/],
    ['has another size', { size: 8 }, /a different size/],
    ['has another checksum', { crc32: 1 }, /checksum/],
  ])('refuses an entry that %s', async (_, fields, what) => {
    const dataset = await open(zip);

    await expect(dataset.read(entry(fields))).rejects.toEqual(refusal('DATA_CHANGED', what));
    dataset.close();
  });

  it('calls an entry that cannot be unpacked the upload’s fault when the archive is proven', async () => {
    const broken = Buffer.from(zip);
    const data = broken.indexOf('a/1.png') + 'a/1.png'.length;
    broken.fill(0xff, data, data + 4); // no deflate stream begins so
    const dataset = await open(broken, { crc64nvme: crc64Of(broken) });

    await expect(dataset.read(entry())).rejects.toEqual(
      refusal('VALIDATION_FAILED', /^a\/1\.png cannot be unpacked \(/),
    );
    dataset.close();
  });

  it('is refused as a whole when its bytes are others', async () => {
    await expect(open(zip, { crc64nvme: CRC64NVME })).rejects.toBeInstanceOf(FileRefused);
    await expect(open(zip, { etag: MD5, etagIsMd5: true })).rejects.toEqual(
      refusal('DATA_CHANGED', /^datasets\/things\.zip has a different MD5/),
    );
  });
});

/** Bit by bit, as the catalogue of parametrised CRC algorithms defines CRC-64/NVME. */
function crc64Of(bytes: Uint8Array): string {
  let crc = 0xffffffffffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  const value = (crc ^ 0xffffffffffffffffn).toString(16).padStart(16, '0');
  return Buffer.from(value, 'hex').toString('base64');
}

describe('a tar', () => {
  const tar = pack();
  for (const name of ['a/1.png', 'b/1.png']) tar.entry({ name, mtime: new Date(0) }, TEXT);
  tar.finalize();
  const plain = buffer(tar as AsyncIterable<Uint8Array>);
  const entry = (name: string, offset: number, fields = {}) => ({
    path: name,
    label: 0,
    entry: { name, size: TEXT.length, crc32: 0xcbf43926, offset, ...fields },
  });
  const first = entry('a/1.png', 512);
  const second = entry('b/1.png', 1536);
  const open = async (
    bytes: Uint8Array,
    packing: Packing,
    examples: ManifestExample[] = [first, second],
  ) => {
    const key = `datasets/things.${packing}`;
    await write(key, bytes);
    const { header } = manifest(record({ key, size: bytes.length }));
    return openDataset(folder, { header: { ...header, packing }, examples }, folder);
  };

  it.each([
    ['tar', (bytes: Buffer) => bytes],
    ['tar.gz', (bytes: Buffer) => gzipSync(bytes)],
  ] as const)('gives its entries, by their places: %s', async (packing, packed) => {
    const dataset = await open(packed(await plain), packing);

    expect(String(await dataset.read(second))).toBe(TEXT);
    expect(String(await dataset.read(first))).toBe(TEXT);
    dataset.close();
  });

  it('is unpacked no further than its last example', async () => {
    await open(gzipSync(await plain), 'tar.gz', [first]);

    expect((await stat(join(folder, 'dataset.tar'))).size).toBe(512 + TEXT.length);
  });

  it.each([
    ['another checksum', entry('a/1.png', 512, { crc32: 1 }), /a\/1\.png does not match/],
    ['another place', entry('a/1.png', 513), /a\/1\.png does not match/],
    ['a place behind the end', entry('a/1.png', 1e6), /a\/1\.png has a different size/],
  ])('is refused if an entry has %s', async (_, example, what) => {
    const dataset = await open(await plain, 'tar');

    await expect(dataset.read(example)).rejects.toEqual(refusal('DATA_CHANGED', what));
    dataset.close();
  });

  it('is refused if it cannot be unpacked', async () => {
    const cut = gzipSync(await plain).subarray(0, 40);

    await expect(open(cut, 'tar.gz')).rejects.toEqual(
      refusal('DATA_CHANGED', /things\.tar\.gz cannot be unpacked \(unexpected end/),
    );
  });

  it('is not unpacked where there is no room for it', async () => {
    const huge = entry('b/1.png', 2 ** 52);

    await expect(open(gzipSync(await plain), 'tar.gz', [huge])).rejects.toMatchObject({
      code: 'DISK_FULL',
    });
  });
});
