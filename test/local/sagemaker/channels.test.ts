import type { Channel } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { pathBelow } from '#local/sagemaker/s3-location.ts';
import {
  BUCKET,
  channel,
  type RunningS3,
  runningS3,
  runningSageMaker,
  until,
} from './running-sagemaker.ts';

/** Runs a job with this channel, named `train`; what lay in the channel's folder, or why it failed. */
async function laidOut(s3: RunningS3, train: Channel) {
  const { create, ended } = await runningSageMaker({ s3: s3.client });
  await create('layout', 'reports', { InputDataConfig: [train] });
  const { FailureReason } = await ended('layout');
  if (FailureReason) return FailureReason;
  const { files } = JSON.parse(await s3.get('out/layout/output/model/report.json'));
  return Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => name.startsWith('input/data/'))
      .map(([name, text]) => [name.replace('input/data/', ''), text]),
  );
}

const prefix = (key: string) => channel('train', `s3://${BUCKET}/${key}`);
const manifest = (key: string) => channel('train', `s3://${BUCKET}/${key}`, 'ManifestFile');

describe('a channel of S3Prefix', () => {
  it.each([
    ['a folder with its slash', 'd/pets/', { 'train/a': '1', 'train/cats/b': '2' }],
    ['a folder without', 'd/pets/cats', { 'train/b': '2' }],
    [
      'a key, and what else begins like it',
      'd/pets.zip',
      { 'train/pets.zip': '3', 'train/pets.zip.bak': '4' },
    ],
    [
      'a beginning of names',
      'd/pet',
      {
        'train/pets/a': '1',
        'train/pets/cats/b': '2',
        'train/pets.zip': '3',
        'train/pets.zip.bak': '4',
      },
    ],
    [
      'the whole bucket',
      '',
      {
        'train/d/pets/a': '1',
        'train/d/pets/cats/b': '2',
        'train/d/pets.zip': '3',
        'train/d/pets.zip.bak': '4',
      },
    ],
  ])('lays out %s', async (_, key, files) => {
    const s3 = await runningS3();
    await s3.put('d/pets/a', '1');
    await s3.put('d/pets/cats/b', '2');
    await s3.put('d/pets.zip', '3');
    await s3.put('d/pets.zip.bak', '4');
    await s3.put('d/pets/', ''); // as a console marks a folder

    expect(await laidOut(s3, prefix(key))).toEqual(files);
  });

  it('ends the job when two keys would be one file', async () => {
    const s3 = await runningS3();
    await s3.put('d/pet/pets/a', '1'); // below the prefix as a folder: pets/a
    await s3.put('d/pets/a', '2'); // from its last slash on: pets/a

    expect(await laidOut(s3, prefix('d/pet'))).toMatch(
      /^ClientError: Data download failed \(channel train, s3:\/\/bucket\/d\/pet\): s3:\/\/bucket\/d\/pets?\/.* has the same file name as another object/,
    );
  });

  it('brings every one of many files, whatever they are called', async () => {
    const s3 = await runningS3();
    const names = Array.from({ length: 1_050 }, (_, i) => `${i} é+&%20 ${'x'.repeat(i % 50)}.txt`);
    for (let i = 0; i < names.length; i += 50) {
      await Promise.all(names.slice(i, i + 50).map((name) => s3.put(`many/${name}`, name)));
    }

    const files = await laidOut(s3, prefix('many/'));

    expect(files).toEqual(Object.fromEntries(names.map((name) => [`train/${name}`, name])));
  });

  it('brings an empty file, and one of several megabytes to the last byte', async () => {
    const s3 = await runningS3();
    const large = Array.from({ length: 500_000 }, (_, i) => `${i}\n`).join('');
    await s3.put('d/empty', '');
    await s3.put('d/large', large);

    expect(await laidOut(s3, prefix('d/'))).toEqual({ 'train/empty': '', 'train/large': large });
  });
});

describe('a channel of ManifestFile', () => {
  it('takes exactly the keys that are named, once each', async () => {
    const s3 = await runningS3();
    for (const key of ['p/a', 'p/b/c', 'p/ab', 'q']) await s3.put(key, key);
    await s3.put('m', JSON.stringify([{ prefix: `s3://${BUCKET}/p/` }, 'a', 'b/c', 'a']));

    expect(await laidOut(s3, manifest('m'))).toEqual({ 'train/a': 'p/a', 'train/b/c': 'p/b/c' });
  });

  it.each([
    ['no JSON', 'a,b', /the manifest is not \[/],
    ['no array', '{"prefix":"s3://b/"}', /the manifest is not \[/],
    ['no prefix', '["a"]', /the manifest is not \[/],
    ['no string', `[{"prefix":"s3://${BUCKET}/"},1]`, /the manifest is not \[/],
    [
      'no key',
      `[{"prefix":"s3://${BUCKET}/"}]`,
      /No S3 objects found under S3 URL "s3:\/\/bucket\/m"/,
    ],
    [
      'a missing key',
      `[{"prefix":"s3://${BUCKET}/"},"gone"]`,
      /s3:\/\/bucket\/gone does not exist/,
    ],
    ['a missing bucket', '[{"prefix":"s3://elsewhere/"},"a"]', /bucket does not exist/],
  ])('ends the job with the channel and its address for %s', async (_, text, reason) => {
    const s3 = await runningS3();
    await s3.put('m', text);

    const failure = await laidOut(s3, manifest('m'));

    expect(failure).toMatch(
      /^ClientError: Data download failed \(channel train, s3:\/\/bucket\/m\): /,
    );
    expect(failure).toMatch(reason);
  });

  it.each([
    '../escaped',
    'a/../../escaped',
    '/tmp/escaped',
    'a//b',
    'a/./b',
    '..',
    '.',
    'a\\b',
    '..\\escaped',
    'folder/',
    'a\0b',
  ])('ends the job for the key %j, and writes nothing outside', async (key) => {
    const s3 = await runningS3();
    await s3.put('m', JSON.stringify([{ prefix: `s3://${BUCKET}/` }, key]));

    expect(await laidOut(s3, manifest('m'))).toBe(
      `ClientError: Data download failed (channel train, s3://bucket/m): the key ${JSON.stringify(key)} is not a path below a folder`,
    );
  });

  it.each([
    ['a file and a folder of one name', ['a', 'a/b']],
    ['a name too long for the disk', ['n'.repeat(300)]],
  ])('ends the job for %s', async (_, keys) => {
    const s3 = await runningS3();
    for (const key of keys) await s3.put(`p/${key}`);
    await s3.put('m', JSON.stringify([{ prefix: `s3://${BUCKET}/p/` }, ...keys]));

    expect(await laidOut(s3, manifest('m'))).toMatch(
      /^ClientError: Data download failed \(channel train, s3:\/\/bucket\/m\): s3:\/\/bucket\/p\/.* (has the same file name|is below|is above|is too long)/,
    );
  });
});

describe('the data of a job', () => {
  it('may go while the job starts: it ends with the channel and its address', async () => {
    const s3 = await runningS3();
    await s3.put('d/a');
    const { create, ended } = await runningSageMaker({
      s3: s3.client,
      async publish() {
        await s3.remove('d/a');
      },
    });

    await create('gone', 'reports', { InputDataConfig: [channel('train', `s3://${BUCKET}/d/`)] });

    const { FailureReason } = await ended('gone');
    expect(FailureReason).toMatch(
      /^ClientError: Data download failed \(channel train, s3:\/\/bucket\/d\/\): (No S3 objects found under|.* does not exist)/,
    );
  });

  it('can be stopped in the middle of a download', async () => {
    const s3 = await runningS3();
    for (let i = 0; i < 300; i += 1) await s3.put(`d/${i}`);
    let downloads = 0;
    s3.client.middlewareStack.add(
      (next, { commandName }) =>
        (parameters) => {
          if (commandName === 'GetObjectCommand') downloads += 1;
          return next(parameters);
        },
      { step: 'initialize' },
    );
    const { create, ended, stopJob, heard } = await runningSageMaker({ s3: s3.client });
    await create('stopped', 'reports', {
      InputDataConfig: [channel('train', `s3://${BUCKET}/d/`)],
    });
    await until(
      () => heard('stopped').includes('InProgress Downloading') || undefined,
      'the download',
    );

    await stopJob('stopped');

    expect((await ended('stopped')).SecondaryStatus).toBe('Stopped');
    expect(heard('stopped')).not.toContain('InProgress Training');
    expect(downloads).toBeLessThan(300);
  });
});

describe('pathBelow', () => {
  it('keeps what looks odd and is none the less a name', () => {
    for (const rest of ['...', '..a', 'a..', ' ', '~', '-', 'a b/%2e%2e/c', '$HOME', 'é']) {
      expect(pathBelow('/f', rest)).toBe(`/f/${rest}`);
    }
  });
});
