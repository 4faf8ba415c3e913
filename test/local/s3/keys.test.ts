import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKET, type RunningS3, runningS3 } from './running-s3.ts';

const HOSTILE = [
  '../../x',
  'a//b',
  '/leading',
  'trailing/',
  '.',
  '..',
  'con',
  'nul.txt',
  'C:\\x',
  ' a ',
  'a b+c&d=e?f#g',
  '%2F',
  '%zz',
  '<tag attribute="1">&amp;</tag>',
  'ä',
  'a\u0308', // the same letter in two code points: another key
  '🐈/\u{10ffff}',
  '\uffff',
  'tab\tnew\nline\rreturn',
  '\u0001\u007f',
  '__proto__',
  'constructor',
  '007',
  'true',
  'k'.repeat(1_024),
];

/** Puts, reads, lists and bulk-deletes these keys; each time just they must be there. */
async function roundTrip({ client }: RunningS3, keys: readonly string[]): Promise<void> {
  const list = async () => {
    const ask = new ListObjectsV2Command({ Bucket: BUCKET, EncodingType: 'url' });
    const { Contents = [] } = await client.send(ask);
    return Contents.map(({ Key = '' }) => decodeURIComponent(Key));
  };
  for (const Key of keys) {
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: `body of ${Key}` }));
  }

  const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(await list()).toEqual(inOrder);
  for (const Key of keys) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    expect(await Body?.transformToString()).toBe(`body of ${Key}`);
  }

  const Objects = keys.map((Key) => ({ Key }));
  await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
  expect(await list()).toEqual([]);
}

describe('a key', () => {
  it('may be a name that paths, XML, URLs or JavaScript would take for something else', async () => {
    await roundTrip(await runningS3(), HOSTILE);
  });

  it('may be any text of up to 1,024 bytes', async () => {
    const s3 = await runningS3();
    const key = fc
      .oneof(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
        fc.string({ unit: fc.constantFrom('/', '.', '%', '+', ' ', '&', 'a'), minLength: 1 }),
      )
      .filter((text) => !text.includes('\0')); // SDKs cannot send it
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 8 }), (keys) =>
        roundTrip(s3, keys),
      ),
      { numRuns: 40 },
    );
  });

  it('is listed as it is without encoding-type as well', async () => {
    const { client } = await runningS3();
    const keys = HOSTILE.filter((key) => !/[\p{Cc}\uffff]/u.test(key)); // XML 1.0 has no way to say these
    for (const Key of keys)
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '' }));

    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));

    expect(new Set(Contents.map(({ Key }) => Key))).toEqual(new Set(keys));
  });
});
