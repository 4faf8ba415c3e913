import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BUCKET, type RunningS3, runningS3, someBytes } from './running-s3.ts';

const SIGNATURE =
  ';chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497';

/** What goes over the wire in an aws-chunked transfer. */
function framed(
  pieces: readonly Buffer[],
  options: { signed?: boolean; trailer?: string } = {},
): Buffer {
  const extension = options.signed === true ? SIGNATURE : '';
  const chunks = [...pieces, Buffer.alloc(0)].map((piece, i) => {
    const end = i < pieces.length ? '\r\n' : '';
    return Buffer.concat([
      Buffer.from(`${piece.length.toString(16)}${extension}\r\n`),
      piece,
      Buffer.from(end),
    ]);
  });
  const trailer = options.trailer === undefined ? '' : `${options.trailer}\r\n`;
  return Buffer.concat([...chunks, Buffer.from(`${trailer}\r\n`)]);
}

const crc32Base64 = (bytes: Buffer): string => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};

const put = ({ endpoint }: RunningS3, key: string, body: Buffer, headers: Record<string, string>) =>
  fetch(`${endpoint}/${BUCKET}/${key}`, { method: 'PUT', body: new Uint8Array(body), headers });
const stored = async ({ endpoint }: RunningS3, key: string) =>
  Buffer.from(await (await fetch(`${endpoint}/${BUCKET}/${key}`)).arrayBuffer());
const dataFilesIn = ({ folder }: RunningS3) =>
  readdirSync(join(folder, BUCKET, 'objects')).filter((file) => !file.endsWith('.json'));

describe('an aws-chunked body', () => {
  const bytes = someBytes(200_000);
  const pieces = [
    bytes.subarray(0, 65_536),
    bytes.subarray(65_536, 65_537),
    bytes.subarray(65_537),
  ];
  const chunked = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '200000' };
  const trailing = { ...chunked, 'x-amz-trailer': 'x-amz-checksum-crc32' };

  it.each([
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunked, { signed: true }],
    [
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      trailing,
      {
        signed: true,
        trailer: `x-amz-checksum-crc32:${crc32Base64(bytes)}\r\nx-amz-trailer-signature:00`,
      },
    ],
    [
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      trailing,
      { trailer: `x-amz-checksum-crc32:${crc32Base64(bytes)}` },
    ],
  ])('is stored without its framing: %s', async (sha256, headers, options) => {
    const s3 = await runningS3();

    const answer = await put(s3, 'a', framed(pieces, options), {
      ...headers,
      'x-amz-content-sha256': sha256,
    });

    expect(answer.status).toBe(200);
    expect((await stored(s3, 'a')).equals(bytes)).toBe(true);
  });

  it.each([
    [
      'a trailer with another sum',
      framed(pieces, { trailer: 'x-amz-checksum-crc32:AAAAAA==' }),
      'BadDigest',
    ],
    ['no trailer though one is announced', framed(pieces), 'MalformedTrailerError'],
    ['fewer bytes than announced', framed(pieces.slice(1)), 'IncompleteBody'],
    ['no last chunk', framed(pieces).subarray(0, -20), 'IncompleteBody'],
    ['no framing at all', bytes, 'IncompleteBody'],
  ])('is refused with %s, and the connection stays usable', async (_, body, code) => {
    const s3 = await runningS3();

    const answer = await put(s3, 'a', body, trailing);

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`<Code>${code}</Code>`);
    expect((await fetch(`${s3.endpoint}/${BUCKET}/a`)).status).toBe(404);
    expect(dataFilesIn(s3)).toEqual([]);
  });

  it('keeps a content encoding that is the object’s own', async () => {
    const s3 = await runningS3();
    const headers = { ...chunked, 'content-encoding': 'aws-chunked, gzip' };

    await put(s3, 'a', framed(pieces), headers);

    const head = await fetch(`${s3.endpoint}/${BUCKET}/a`, { method: 'HEAD' });
    expect(head.headers.get('content-encoding')).toBe('gzip');
  });
});

describe('a plain body', () => {
  it('must have the sha256 it is signed with', async () => {
    const s3 = await runningS3();
    const body = Buffer.from('hello');
    const sha256 = createHash('sha256').update('hullo').digest('hex');

    const answer = await put(s3, 'a', body, { 'x-amz-content-sha256': sha256 });

    expect(await answer.text()).toContain('XAmzContentSHA256Mismatch');
    expect(dataFilesIn(s3)).toEqual([]);
  });

  it('is dropped when its client dies half-way', async () => {
    const s3 = await runningS3();
    await put(s3, 'a', Buffer.from('old'), {});

    const socket = connect(s3.port, '127.0.0.1');
    socket.write(`PUT /${BUCKET}/a HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n`);
    socket.write(Buffer.alloc(300_000));
    await until(() => dataFilesIn(s3).length === 2);
    socket.destroy();

    await until(() => dataFilesIn(s3).length === 1);
    expect((await stored(s3, 'a')).toString()).toBe('old');
  });

  it('comes after "100 Continue" for a client that asks first', async () => {
    const s3 = await runningS3();
    let answers = '';
    const socket = connect(s3.port, '127.0.0.1');
    socket.setEncoding('latin1').on('data', (text) => {
      answers += text;
    });

    socket.write(
      `PUT /${BUCKET}/a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n`,
    );
    await until(() => answers.includes('100 Continue'));
    socket.write('hello'); // and no end yet: a server drops who hangs up before the answer

    await until(() => answers.includes('200 OK'));
    socket.destroy();
    expect((await stored(s3, 'a')).toString()).toBe('hello');
  });

  it('must say how long it is', async () => {
    const s3 = await runningS3();
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(3));
        controller.close();
      },
    });

    const answer = await fetch(`${s3.endpoint}/${BUCKET}/a`, {
      method: 'PUT',
      body,
      duplex: 'half',
    });

    expect([answer.status, await answer.text()]).toEqual([
      411,
      expect.stringContaining('MissingContentLength'),
    ]);
  });
});

describe('a request', () => {
  it('is refused with an XML error that has the request’s id, and with no body for HEAD', async () => {
    const s3 = await runningS3();

    const got = await fetch(`${s3.endpoint}/${BUCKET}/a%26b`);
    const headed = await fetch(`${s3.endpoint}/${BUCKET}/a%26b`, { method: 'HEAD' });

    const id = got.headers.get('x-amz-request-id');
    expect(id).toMatch(/^[0-9A-F]{16}$/);
    expect(await got.text()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>' +
        '<Message>The specified key does not exist.</Message><Key>a&amp;b</Key>' +
        `<Resource>/${BUCKET}/a%26b</Resource><RequestId>${id}</RequestId><HostId>${id}</HostId></Error>`,
    );
    expect([headed.status, await headed.text()]).toEqual([404, '']);
  });

  it.each([
    ['PUT', '/understudy/%zz', 400, 'InvalidURI'],
    ['PUT', `/understudy/${'k'.repeat(1_025)}`, 400, 'KeyTooLongError'],
    ['PUT', '/Not_A_Bucket', 400, 'InvalidBucketName'],
    ['PATCH', '/understudy/a', 501, 'NotImplemented'],
    ['GET', '/understudy?lifecycle', 501, 'GET ?lifecycle on a bucket'],
    ['GET', '/understudy?list-type=2&max-keys=-1', 400, 'InvalidArgument'],
    ['GET', '/understudy?list-type=2&continuation-token=%21', 400, 'InvalidArgument'],
    ['GET', '/understudy/a?versionId=1', 400, 'InvalidArgument'],
    ['POST', '/understudy?delete', 400, 'MalformedXML'],
  ])('%s %s is answered %i %s', async (method, path, status, code) => {
    const s3 = await runningS3();
    const body = method === 'POST' ? '<!DOCTYPE x><Delete/>' : null;

    const answer = await fetch(`${s3.endpoint}${path}`, { method, body });

    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(code);
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}
