import { writeZip, type ZipEntry } from './write-zip.ts';

/** An archive, and what the validation must answer: the codes of its problems, or `accepted`. */
export interface ArchiveCase {
  name: string;
  bytes: () => Buffer;
  answer: string;
  names?: string; // what the refusal must name; the archive if left out
}

/** @param image a small valid one */
export function archiveCases(image: Buffer): ArchiveCase[] {
  const pets: ZipEntry[] = ['cat', 'dog'].flatMap((label) =>
    [0, 1, 2, 3, 4, 5].map((i) => ({ name: `${label}/${i}.png`, data: image })),
  );
  const stored = pets.map((entry) => ({ ...entry, method: 0 }));
  const plain = writeZip(pets);
  const whole = (name: string, bytes: () => Buffer, answer: string): ArchiveCase => ({
    name,
    bytes,
    answer,
  });
  /** The pets with one more entry. */
  const plus = (
    name: string,
    entry: ZipEntry,
    answer: string,
    names = String(entry.name),
  ): ArchiveCase => ({
    name,
    bytes: () => writeZip([...pets, entry]),
    answer,
    names,
  });
  const unreadable = 'ARCHIVE_UNREADABLE';
  const at = (i: number, change: Partial<ZipEntry>) =>
    pets.map((entry, j) => (i === j ? { ...entry, ...change } : entry));
  const zeros = Buffer.alloc(30_000_000);

  return [
    whole('deflated', () => plain, 'accepted'),
    whole('stored', () => writeZip(stored), 'accepted'),
    whole(
      'zip64',
      () =>
        writeZip(
          pets.map((each) => ({ ...each, zip64: true })),
          { zip64: true },
        ),
      'accepted',
    ),
    whole(
      'data descriptors',
      () => writeZip(pets.map((each) => ({ ...each, flags: 0x808 }))),
      'accepted',
    ),
    whole(
      'a comment of 65,535 bytes',
      () => writeZip(pets, { comment: Buffer.alloc(65_535, 'x') }),
      'accepted',
    ),
    whole(
      'a comment that holds an end record',
      () => writeZip(pets, { comment: plain.subarray(-22) }),
      'accepted',
    ),
    whole(
      'folders as entries',
      () => writeZip([{ name: 'cat/' }, { name: 'dog/' }, ...pets]),
      'accepted',
    ),
    whole(
      'other names in the local headers',
      () => writeZip(pets.map((each) => ({ ...each, localName: 'x' }))),
      'accepted',
    ),
    whole(
      'a checksum that is wrong: the trainer finds it',
      () => writeZip(at(0, { crc: 1 })),
      'accepted',
    ),
    plus('names that differ in case', { name: 'cat/0.PNG', data: image }, 'accepted'),
    plus('junk of macOS', { name: '__MACOSX/cat/._0.png', data: image }, 'accepted'),
    whole('an empty zip', () => writeZip([]), 'TOO_FEW_CLASSES'),
    whole('nothing', () => Buffer.alloc(0), unreadable),
    whole('a byte', () => Buffer.from('P'), unreadable),
    whole('text', () => Buffer.from('this is no zip '.repeat(100)), unreadable),
    whole(
      'a RAR',
      () => Buffer.concat([Buffer.from('Rar!\x1a\x07\x01\x00'), image]),
      'ARCHIVE_COMPRESSION',
    ),
    whole(
      'a 7z',
      () => Buffer.concat([Buffer.from('377abcaf271c', 'hex'), image]),
      'ARCHIVE_COMPRESSION',
    ),
    whole('half a zip', () => plain.subarray(0, plain.length / 2), unreadable),
    whole('without its last byte', () => plain.subarray(0, -1), unreadable),
    whole('a second half', () => plain.subarray(plain.length / 2), unreadable),
    whole(
      'something behind its end',
      () => Buffer.concat([plain, Buffer.from('more')]),
      unreadable,
    ),
    whole(
      'something before its beginning',
      () => Buffer.concat([Buffer.alloc(500), plain]),
      unreadable,
    ),
    whole(
      'a program before it that it knows of',
      () => writeZip(pets, { prefix: Buffer.from('MZ'.repeat(500)) }),
      'accepted',
    ),
    whole('a part of several', () => writeZip(pets, { disk: 2 }), unreadable),
    whole(
      'a directory far behind its end',
      () => writeZip(pets, { directoryOffset: 1e9 }),
      unreadable,
    ),
    whole(
      'a directory that begins too late',
      () => writeZip(pets, { directoryOffset: plain.length - 40 }),
      unreadable,
    ),
    whole('more entries said than there are', () => writeZip(pets, { count: 200 }), unreadable),
    whole(
      'two billion entries said',
      () => writeZip(pets, { count: 2e9, zip64: true }),
      'ARCHIVE_TOO_LARGE',
    ),
    whole(
      '65,000 empty images',
      () =>
        writeZip(
          Array.from({ length: 65_000 }, (_, i) => ({ name: `c${i % 9}/${i}.png`, method: 0 })),
        ),
      'FILE_EMPTY',
    ),
    ...[
      '../evil.png',
      'cat/../../evil.png',
      '..\\evil.png',
      '/etc/evil.png',
      '\\\\host\\evil.png',
      'C:/evil.png',
      'C:\\evil.png',
    ].map((name) => plus(`the name ${name}`, { name, data: image }, unreadable, 'pets.zip')),
    plus(
      'a link',
      { name: 'cat/link.png', data: Buffer.from('/etc/passwd'), mode: 0o120777 },
      'ENTRY_NOT_A_FILE NOT_AN_IMAGE',
    ),
    plus('a device', { name: 'cat/device.png', data: image, mode: 0o020666 }, 'ENTRY_NOT_A_FILE'),
    plus('a pipe', { name: 'cat/pipe.png', data: image, mode: 0o010666 }, 'ENTRY_NOT_A_FILE'),
    plus('a password', { name: 'cat/secret.png', data: image, flags: 0x801 }, 'ARCHIVE_ENCRYPTED'),
    ...[9, 12, 14, 93, 95, 98, 77].map((method) =>
      plus(
        `compression method ${method}`,
        { name: 'cat/x.png', data: image, method },
        'ARCHIVE_COMPRESSION',
      ),
    ),
    whole(
      'entries that share their data',
      () => writeZip([...stored, { ...stored[0], name: 'cat/twin.png', offset: 0 }]),
      'ARCHIVE_OVERLAP',
    ),
    whole(
      'an entry inside another',
      () => writeZip([...stored, { name: 'cat/in.png', method: 0, data: image, offset: 10 }]),
      'ARCHIVE_OVERLAP',
    ),
    plus('a bomb', { name: 'cat/zeros.png', data: zeros }, 'ARCHIVE_BOMB', 'pets.zip'),
    plus(
      '30 GB, as it says',
      { name: 'cat/x.png', data: image, size: 30 * 1024 ** 3 },
      'ARCHIVE_TOO_LARGE',
      'pets.zip',
    ),
    plus(
      'a smaller size than it has',
      { name: 'cat/liar.png', data: image, size: 10 },
      'IMAGE_CUT_OFF',
    ),
    plus(
      'a local size of its own',
      { name: 'cat/local.png', data: image, localSize: 7 },
      'accepted',
    ),
    plus(
      'an entry behind the end',
      { name: 'cat/gone.png', data: image, offset: 4e9 },
      'ENTRY_DAMAGED',
    ),
    plus(
      'an entry that begins inside another file',
      { name: 'cat/off.png', data: image, offset: plain.length },
      'ENTRY_DAMAGED',
    ),
    plus(
      'no deflate stream',
      { name: 'cat/bad.png', data: Buffer.from('\xff\xff\xff\xff no', 'latin1'), method: 0 },
      'NOT_AN_IMAGE',
    ),
    plus('the same name twice', { name: 'cat/0.png', data: image }, 'ENTRY_TWICE'),
    plus(
      'the same name with dots',
      { name: './cat//0.png', data: image },
      'ENTRY_TWICE',
      'cat/0.png',
    ),
    plus('an archive inside', { name: 'cat/more.zip', data: plain }, 'ARCHIVE_INSIDE'),
    plus(
      'a name of 60,000 characters',
      { name: `cat/${'x'.repeat(60_000)}.png`, data: image },
      'accepted',
    ),
    plus(
      'Japanese of Windows',
      {
        name: Buffer.concat([Buffer.from([0x8c, 0xa2, 0x81, 0x41]), Buffer.from('/1.png')]),
        data: image,
        flags: 0,
      },
      'ARCHIVE_NAMES TOO_FEW_EXAMPLES',
      'pets.zip',
    ),
    ...['\u202egpj', 'a\u001b[2J', 'a\nb', 'a\u0000b', 'a\u2028b', 'a\u0085b'].map(
      (label): ArchiveCase => ({
        name: `the label ${JSON.stringify(label)}`,
        bytes: () =>
          writeZip([
            ...pets,
            ...pets
              .slice(0, 6)
              .map((each) => ({ ...each, name: String(each.name).replace('cat', label) })),
          ]),
        answer: 'CLASS_NAME',
        names: label.replaceAll(/[\p{Cc}\p{Cf}\u2028]/gu, '\ufffd'),
      }),
    ),
  ];
}
