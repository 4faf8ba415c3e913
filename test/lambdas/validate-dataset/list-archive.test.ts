import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';

// Offsets in an entry of the central directory (PKWARE APPNOTE 4.3.12).
const COMPRESSED_SIZE = 20;
const LOCAL_OFFSET = 42;

/** The offsets of the entries of a zip's central directory. */
function directoryEntries(zip: Buffer): number[] {
  const found: number[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 1)) {
    found.push(at);
  }
  return found;
}

/** A zip with these files in the bucket. */
async function archiveOf(
  files: Record<string, Buffer>,
  compress = true,
  change: (zip: Buffer) => void = () => undefined,
) {
  const zip = new ZipFile();
  for (const [path, body] of Object.entries(files)) zip.addBuffer(body, path, { compress });
  zip.end();
  const { objects, put } = memoryObjects();
  const bytes = await buffer(zip.outputStream);
  change(bytes);
  put('datasets/pets.zip', bytes);
  const archive = await objects.head('datasets/pets.zip');
  if (!archive) throw new Error('the archive is not there');
  return { objects, archive };
}

describe('listArchive', () => {
  it('reads a block again that could not be read the first time', async () => {
    const body = Buffer.alloc(400_000, 'x');
    const { objects, archive } = await archiveOf({ 'cat/1.png': body, 'cat/2.png': body }, false);
    const { files } = await listArchive(objects, archive);
    const { readRange } = objects;
    objects.readRange = () => Promise.reject(new Error('S3 is slow'));
    await expect(files[1]?.head()).rejects.toThrow();
    objects.readRange = readRange;

    expect((await files[1]?.head())?.toString()).toBe('x'.repeat(64 * 1024));
  });

  it('passes errors of the bucket on, instead of blaming the archive', async () => {
    const { objects, archive } = await archiveOf({ 'cat/1.png': Buffer.from('x') });
    objects.readRange = () => Promise.reject(new Error('S3 is down'));

    await expect(listArchive(objects, archive)).rejects.toThrow('could not be read');
  });

  it('reads many small files with few requests', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`cat/${i}.png`, Buffer.from(`image ${i}`)]),
    );
    const { objects, archive } = await archiveOf(files);
    let requests = 0;
    const { readRange } = objects;
    objects.readRange = (...range) => {
      requests++;
      return readRange(...range);
    };

    const listed = await listArchive(objects, archive);
    const heads = await Promise.all(listed.files.map((file) => file.head()));

    expect(heads.map(String)).toEqual(Object.values(files).map(String));
    expect(requests).toBeLessThan(10);
  });

  it('gives nothing for an entry that is not a deflate stream', async () => {
    const name = 'cat/1.png';
    const { objects, archive } = await archiveOf({ [name]: Buffer.alloc(10_000, 'y') });
    const { readRange } = objects;
    const localHeader = 30 + name.length; // bytes
    objects.readRange = async (...range) =>
      Buffer.from(await readRange(...range)).fill(0xff, localHeader, localHeader + 4);

    const { files } = await listArchive(objects, archive);

    expect(await files[0]?.head()).toHaveLength(0);
  });

  it('refuses entries that share data', async () => {
    const body = Buffer.alloc(1_000, 'x');
    const files = { 'cat/1.png': body, 'cat/2.png': body, 'cat/3.png': body };
    const honest = await archiveOf(files, false);
    const bomb = await archiveOf(files, false, (zip) => {
      const second = directoryEntries(zip)[1] ?? 0;
      const third = directoryEntries(zip)[2] ?? 0;
      const inside = zip.readUInt32LE(second + LOCAL_OFFSET) + 500;
      zip.writeUInt32LE(inside, third + LOCAL_OFFSET);
    });

    const none = await listArchive(honest.objects, honest.archive);
    const { problems } = await listArchive(bomb.objects, bomb.archive);

    expect(none.problems).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['ARCHIVE_OVERLAP']);
    expect(problems[0]?.what).toContain('"cat/2.png" and "cat/3.png"');
  });

  it.each([
    ['a compressed size that passes the end of the archive', COMPRESSED_SIZE, 2 ** 31],
    ['the offset of something that is not a header', LOCAL_OFFSET, 7],
    ['an offset behind the end of the archive', LOCAL_OFFSET, 2 ** 31],
  ])('gives nothing for an entry with %s', async (_, field, value) => {
    const body = Buffer.alloc(1_000, 'x');
    const { objects, archive } = await archiveOf({ 'cat/1.png': body }, true, (zip) =>
      zip.writeUInt32LE(value, (directoryEntries(zip)[0] ?? 0) + field),
    );

    const { files } = await listArchive(objects, archive);

    expect(await files[0]?.head()).toHaveLength(0); // which the validation reports with the entry's name
  });

  it('reads the head of an image that deflate has packed very tightly', async () => {
    // A PNG without compression: a screenshot of one colour, 3 MB, of which 64 KiB packed hold all.
    const screenshot = Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      Buffer.alloc(3e6),
    ]);
    const { objects, archive } = await archiveOf({ 'cat/1.png': screenshot });
    const { files } = await listArchive(objects, archive);

    const head = await files[0]?.head();
    expect(head).toHaveLength(64 * 1024);
    expect(
      Buffer.from(head ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });
});

describe('the names in an archive', () => {
  const GENERAL_PURPOSE_FLAGS = { local: 6, central: 8 };

  /** A zip whose names are these bytes, with or without the flag that says that they are UTF-8. */
  async function archiveNamed(names: readonly (string | Buffer)[], isFlagged = false) {
    const raw = names.map((name) => Buffer.from(name));
    const placeholder = (i: number) => String(i).padEnd(raw[i]?.length ?? 0, '-');
    const body = Buffer.from('x');
    const files = Object.fromEntries(raw.map((_, i) => [placeholder(i), body]));
    return archiveOf(files, false, (zip) => {
      for (const [i, name] of raw.entries()) {
        for (let at = zip.indexOf(placeholder(i)); at >= 0; at = zip.indexOf(placeholder(i), at))
          name.copy(zip, at);
      }
      const headers = [
        ...[...offsetsOf(zip, 'PK\x03\x04')].map((at) => at + GENERAL_PURPOSE_FLAGS.local),
        ...directoryEntries(zip).map((at) => at + GENERAL_PURPOSE_FLAGS.central),
      ];
      const flag = isFlagged ? 0x800 : 0;
      for (const at of headers) zip.writeUInt16LE((zip.readUInt16LE(at) & ~0x800) | flag, at);
    });
  }

  function* offsetsOf(zip: Buffer, signature: string): Generator<number> {
    for (let at = zip.indexOf(signature); at >= 0; at = zip.indexOf(signature, at + 1)) yield at;
  }

  async function read(names: readonly (string | Buffer)[], isFlagged = false) {
    const { objects, archive } = await archiveNamed(names, isFlagged);
    const { files, problems, warnings = [] } = await listArchive(objects, archive);
    return { paths: files.map(({ path }) => path), problems, warnings };
  }

  const oem = (text: string, bytes: Record<string, number>) =>
    Buffer.concat(Array.from(text, (c) => Buffer.from(bytes[c] ? [bytes[c]] : c)));

  it('may have the backslashes of Windows', async () => {
    expect((await read(['pets\\cat\\1.jpg', 'pets\\dog\\2.jpg'])).paths).toEqual([
      ...['pets/cat/1.jpg', 'pets/dog/2.jpg'],
    ]);
  });

  it.each([
    '..\\cat\\1.jpg',
    'a\\..\\..\\b.jpg',
    'C:\\cat\\1.jpg',
    '\\cat\\1.jpg',
    '/etc/1.jpg',
    '../1.jpg',
  ])('may not escape: %s', async (name) => {
    const { paths, problems } = await read([name]);
    expect(paths).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['ARCHIVE_UNREADABLE']);
  });

  it('may begin with ./, and have doubled slashes', async () => {
    const { paths } = await read(['./pets/cat/1.jpg', './pets//dog/./2.jpg']);
    expect(paths).toEqual(['pets/cat/1.jpg', 'pets/dog/2.jpg']);
  });

  it('may list the folder of the whole archive, which is no file', async () => {
    const { paths, problems } = await read(['./', './cat/', './cat/1.jpg']);
    expect([paths, problems]).toEqual([['cat/1.jpg'], []]);
  });

  it('are UTF-8 with or without the flag, and are the same composed or decomposed', async () => {
    const decomposed = 'Caf\u0065\u0301/1.jpg';
    const composed = 'Caf\u00e9/1.jpg';
    for (const name of [decomposed, composed, '日本/1.jpg', 'кот/1.jpg']) {
      for (const isFlagged of [true, false]) {
        const { paths, problems, warnings } = await read([name], isFlagged);
        expect(paths).toEqual([name.normalize('NFC')]);
        expect([problems, warnings]).toEqual([[], []]);
      }
    }
  });

  it.each([
    ['cp437, of an American or German console', { ü: 0x81, ß: 0xe1 }, 'Grüße'],
    ['cp850, where it differs from cp437', { Á: 0xb5, í: 0xa1 }, 'Águias í'],
    ['cp850 of Scandinavia', { ø: 0x9b, Å: 0x8f }, 'Ålesund ø'],
  ])('may be in %s, which is told', async (_, bytes, folder) => {
    const { paths, problems, warnings } = await read([oem(`${folder}/1.jpg`, bytes)]);

    expect(problems).toEqual([]);
    expect(paths).toEqual([`${folder}/1.jpg`]);
    expect(warnings.map(({ code }) => code)).toEqual(['NAMES_GUESSED']);
    expect(warnings[0]?.what).toContain(`"${folder}"`);
  });

  it('is told once for all folders, and not for names of files alone', async () => {
    const é = Buffer.of(0x82);
    const file = Buffer.concat([Buffer.from('cat/caf'), é, Buffer.from('.jpg')]);
    expect((await read([file])).warnings).toEqual([]);

    const folders = [1, 2, 3, 4, 5, 6, 7].map((i) =>
      Buffer.concat([Buffer.from(`caf`), é, Buffer.from(`${i}/1.jpg`)]),
    );
    const { warnings } = await read(folders);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.what).toContain('"café5" and 2 more');
  });

  it.each([
    ['Shift JIS', Buffer.from([0x8c, 0xa2, 0x81, 0x41])],
    ['Cyrillic of DOS', Buffer.from([0x8a, 0xae, 0xe2])],
    ['GBK', Buffer.from([0xc3, 0xa8, 0xb9, 0xb7])],
  ])('are refused in %s, where no guess is safe', async (_, folder) => {
    const { problems } = await read([Buffer.concat([folder, Buffer.from('/1.jpg')])]);
    expect(problems.map(({ code }) => code)).toEqual(['ARCHIVE_NAMES']);
    expect(problems[0]?.remedy).toContain('UTF-8');
  });

  it('are the same file twice if they differ only in dots and slashes', async () => {
    const { problems } = await read(['./cat/1.jpg', 'cat\\1.jpg']);
    expect(problems.map(({ code }) => code)).toEqual(['ENTRY_TWICE']);
  });
});

describe('what an archive cannot be', () => {
  const METHOD = { local: 8, central: 10 };

  it.each([
    [9, 'Deflate64'],
    [12, 'bzip2'],
    [14, 'LZMA'],
    [77, 'method 77'],
  ])('is compressed with method %d: one message for all files', async (method, name) => {
    const files = { 'cat/1.png': Buffer.from('x'), 'cat/2.png': Buffer.from('y') };
    const { objects, archive } = await archiveOf(files, false, (zip) => {
      for (const at of directoryEntries(zip)) zip.writeUInt16LE(method, at + METHOD.central);
    });
    const { problems } = await listArchive(objects, archive);
    expect(problems.map(({ code }) => code)).toEqual(['ARCHIVE_COMPRESSION']);
    expect(problems[0]?.what).toContain(`(${name}): 2 files, such as "cat/1.png"`);
  });

  it('is encrypted: one message for all files', async () => {
    const files = { 'cat/1.png': Buffer.from('x'), 'cat/2.png': Buffer.from('y') };
    const { objects, archive } = await archiveOf(files, true, (zip) => {
      for (const at of directoryEntries(zip)) zip.writeUInt16LE(1, at + 8);
    });
    const { problems } = await listArchive(objects, archive);
    expect(problems.map(({ code }) => code)).toEqual(['ARCHIVE_ENCRYPTED']);
  });
});
