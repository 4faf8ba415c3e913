import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { describe, expect, it } from 'vitest';
import type { ObjectCreated } from '#local/s3/events.ts';
import { BUCKET, type RunningS3, refusal, runningS3 } from './running-s3.ts';

const put = ({ client }: RunningS3, Key: string, rest: object = {}) =>
  client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'hello', ...rest }));

function heard({ s3 }: RunningS3): ObjectCreated[] {
  const events: ObjectCreated[] = [];
  s3.onObjectCreated((event) => void events.push(event));
  return events;
}

describe('onObjectCreated', () => {
  it('tells of a put in the shape EventBridge delivers, with the key as it is', async () => {
    const s3 = await runningS3({ now: () => new Date('2026-11-24T10:11:12.345Z') });
    const events = heard(s3);

    await put(s3, 'datasets/a b+é.zip');
    await s3.stop();

    expect(events).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        'detail-type': 'Object Created',
        source: 'aws.s3',
        account: '000000000000',
        time: '2026-11-24T10:11:12Z',
        region: 'us-east-1',
        resources: [`arn:aws:s3:::${BUCKET}`],
        detail: {
          version: '0',
          bucket: { name: BUCKET },
          object: {
            key: 'datasets/a b+é.zip',
            size: 5,
            etag: '5d41402abc4b2a76b9719d911017c592',
            sequencer: expect.stringMatching(/^[0-9A-F]{20}$/),
          },
          'request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
          requester: '000000000000',
          'source-ip-address': '127.0.0.1',
          reason: 'PutObject',
        },
      },
    ]);
  });

  it('names what brought the object about, and is silent about the rest', async () => {
    const s3 = await runningS3();
    const events = heard(s3);

    await put(s3, 'a');
    const CopySource = `${BUCKET}/a`;
    await s3.client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'b', CopySource }));
    const params = { Bucket: BUCKET, Key: 'c', Body: Buffer.alloc(6 * 1024 ** 2) };
    await new Upload({ client: s3.client, params }).done();
    await refusal(put(s3, 'a', { IfNoneMatch: '*' }));
    await refusal(put(s3, 'a', { ChecksumCRC32: 'AAAAAA==' }));
    await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'a' }));
    await s3.stop();

    expect(events.map(({ detail }) => [detail.object.key, detail.reason])).toEqual([
      ['a', 'PutObject'],
      ['b', 'CopyObject'],
      ['c', 'CompleteMultipartUpload'],
    ]);
  });

  it('numbers the versions of a key upwards, after a restart and with a clock set back, too', async () => {
    const first = await runningS3({ now: () => new Date('2026-11-24T12:00:00Z') });
    const before = heard(first);
    for (let i = 0; i < 3; i++) await put(first, 'a');
    await first.stop();

    const second = await runningS3({ folder: first.folder, now: () => new Date('2020-01-01') });
    const after = heard(second);
    for (let i = 0; i < 3; i++) await put(second, 'a');
    await second.stop();

    const sequence = [...before, ...after].map(({ detail }) => detail.object.sequencer);
    expect(new Set(sequence).size).toBe(6);
    expect(sequence).toEqual([...sequence].sort());
  });

  it('comes when the object can be read, and does not hold up the answer', async () => {
    const s3 = await runningS3();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const read: (string | undefined)[] = [];
    s3.s3.onObjectCreated(async () => {
      await held;
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'a' }));
      read.push(await Body?.transformToString());
    });

    await put(s3, 'a'); // would never end if it waited for the listener
    release();

    await expect.poll(() => read).toEqual(['hello']);
  });

  it('goes on when a listener fails, and stops for one that left', async () => {
    const s3 = await runningS3();
    s3.s3.onObjectCreated(() => {
      throw new Error('on purpose, to be seen in the output of this test');
    });
    const events = heard(s3);
    const leave = s3.s3.onObjectCreated(() => {
      throw new Error('must not be called');
    });
    leave();

    await put(s3, 'a');
    await put(s3, 'b');
    await s3.stop();

    expect(events).toHaveLength(2);
  });
});
