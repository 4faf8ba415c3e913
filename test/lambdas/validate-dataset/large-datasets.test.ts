import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { memoryJobs, memoryLog, memoryObjects } from '#examples/in-memory-ports.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const END = Buffer.from('\0\0\0\0IEND\xae\x42\x60\x82', 'latin1');
/** An image of which only the type and the end are read. */
const PNG = Buffer.concat([SIGNATURE, END]);

/** A zip of two classes, stored; made by hand, because yazl takes seconds. */
function zipOf(entries: number, body: Buffer): Buffer {
  const crc = crc32(body);
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  for (let i = 0, offset = 0; i < entries; i++) {
    const name = Buffer.from(`${i % 2}/${i}.png`);
    const header = Buffer.alloc(30); // PKWARE APPNOTE 4.3.7
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(name.length, 26);
    local.push(header, name, body);
    const entry = Buffer.alloc(46); // 4.3.12
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt32LE(body.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    central.push(entry, name);
    offset += header.length + name.length + body.length;
  }
  const [files, directory] = [Buffer.concat(local), Buffer.concat(central)];
  const end = Buffer.alloc(22); // 4.3.16
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(files.length, 16);
  return Buffer.concat([files, directory, end]);
}

function bucketWith(entries: number, body: Buffer) {
  const bucket = memoryObjects();
  bucket.put('datasets/pets.zip', zipOf(entries, body));
  return bucket;
}

const validate = ({ objects }: ReturnType<typeof bucketWith>, key = 'datasets/pets.zip') =>
  validateDataset(
    {
      objects,
      jobs: memoryJobs(),
      log: memoryLog().log,
      now: () => new Date('2026-11-24T12:00:00.000Z'),
      teachers: new Map([['efficientnet-lite0', { blockOutputs: [] }]]),
    },
    key,
  );

/** The least CPU time of three validations, in ms: whatever else the machine does only adds to it. */
async function costOf(entries: number, body: Buffer): Promise<number> {
  const bucket = bucketWith(entries, body);
  const costs: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = process.cpuUsage();
    await validate(bucket);
    const { user, system } = process.cpuUsage(start); // µs
    costs.push((user + system) / 1000);
  }
  return Math.min(...costs);
}

describe('the validation of a large dataset', { timeout: 180_000 }, () => {
  it.each([
    ['images', PNG],
    ['empty files, each of which is a problem', Buffer.of()],
  ])('costs time in proportion to its files: %s', async (_, body) => {
    await costOf(1_000, body); // compiles what both use
    const [few, many] = [await costOf(2_500, body), await costOf(20_000, body)];

    // Eight times the files; what is quadratic takes 64 times as long. Between them there is room for a busy machine.
    expect(many / few).toBeLessThan(24);
  });

  it('lets others run in between', async () => {
    const bucket = bucketWith(20_000, PNG);
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      for (; !isOver; turns++) await nextTurn();
    })();
    const job = await validate(bucket);
    isOver = true;
    await others;

    expect(job?.progress.state).toBe('validated');
    expect(turns).toBeGreaterThan(100); // each at most 500 entries or 200 images after the one before
  });

  it('reads no more of most images than their type, size and end take', async () => {
    const photo = Buffer.concat([SIGNATURE, Buffer.alloc(60_000), END]);
    const bucket = bucketWith(0, PNG);
    for (let i = 0; i < 10; i++) bucket.put(`datasets/pets/${i % 2}/${i}.png`, photo);
    bucket.put('datasets/pets/_READY', '');
    const { readRange } = bucket.objects;
    let bytes = 0;
    bucket.objects.readRange = async (...range) => {
      const read = await readRange(...range);
      bytes += read.length;
      return read;
    };
    await validate(bucket, 'datasets/pets/_READY');

    expect(bytes).toBe(10 * (4096 + 1024));
  });
});
