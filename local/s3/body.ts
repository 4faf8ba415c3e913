import type { Readable } from 'node:stream';
import { decodeAwsChunked } from './aws-chunked.ts';
import { Algorithm, checksumHeader, type Measured, measure } from './checksums.ts';
import type { DataFiles } from './data-files.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { DataFile } from './stored-object.ts';

const MAX_PUT = 5 * 1024 ** 3; // bytes in one request, as on AWS; larger objects come in parts
const MAX_DOCUMENT = 16 * 1024 ** 2; // bytes; 1,000 keys of 1,024 bytes, every character escaped

/** The body of a request: its decoded bytes, and the check of what the client declared about them. */
export interface Body {
  chunks: AsyncIterable<Buffer>;
  size: number; // bytes, as announced
  /** The checksum the client sends with it, in a header or a trailer. */
  algorithm: Algorithm | undefined;
  /** The checksums that `verify` needs. */
  needs: Algorithm[];
  /** @throws S3Error (BadDigest and others) if the body differs from what the client declared */
  verify(measured: Measured): void;
}

/**
 * Opens the body of a request, without aws-chunked framing. `chunks` throws if the client disconnects.
 *
 * @throws S3Error for a body that this server must refuse
 */
export function bodyOf({ headers, incoming }: S3Request): Body {
  const payload = headers['x-amz-content-sha256'] ?? '';
  const framed =
    payload.startsWith('STREAMING-') || /\baws-chunked\b/.test(headers['content-encoding'] ?? '');
  const length = headers[framed ? 'x-amz-decoded-content-length' : 'content-length'];
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const size = Number(length);
  if (size > MAX_PUT) {
    throw new S3Error('EntityTooLarge', 'One request takes at most 5 GiB; upload it in parts.');
  }

  // The default iterator would destroy the connection when it is left early, and with it the error response.
  const raw: AsyncIterable<Buffer> = incoming.iterator({ destroyOnReturn: false });
  const trailers = new Map<string, string>();
  const announced = announcedChecksum(headers);
  const wantedMd5 = headers['content-md5'];
  const wantedSha256 = /^[0-9a-f]{64}$/.test(payload) ? payload : undefined;
  if (wantedMd5 !== undefined && Buffer.from(wantedMd5, 'base64').length !== 16) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  }

  const needs: Algorithm[] = announced === undefined ? [] : [announced.algorithm];
  if (wantedSha256 !== undefined) needs.push('SHA256');

  return {
    chunks: framed ? decodeAwsChunked(raw, trailers) : raw,
    size,
    algorithm: announced?.algorithm,
    needs,
    verify({ size: received, md5, sums }) {
      if (received !== size) {
        throw new S3Error(
          'IncompleteBody',
          `The body has ${received} bytes, not the ${size} announced.`,
        );
      }
      if (wantedMd5 !== undefined && Buffer.from(md5, 'hex').toString('base64') !== wantedMd5) {
        throw new S3Error(
          'BadDigest',
          'The Content-MD5 you specified did not match what we received.',
        );
      }
      if (wantedSha256 !== undefined && sums.get('SHA256') !== hexToBase64(wantedSha256)) {
        const message =
          'The provided x-amz-content-sha256 header does not match what was computed.';
        throw new S3Error('XAmzContentSHA256Mismatch', message);
      }
      if (announced === undefined) return;
      const name = checksumHeader(announced.algorithm);
      const wanted = announced.value ?? trailers.get(name);
      if (wanted === undefined) {
        throw new S3Error('MalformedTrailerError', `The announced trailer ${name} did not come.`);
      }
      if (wanted !== sums.get(announced.algorithm)) {
        const message = `The ${announced.algorithm} you specified did not match the calculated checksum.`;
        throw new S3Error('BadDigest', message);
      }
    },
  };
}

/** The checksum of a request; its value is not known yet if it comes as a trailer. */
function announcedChecksum(
  headers: Record<string, string>,
): { algorithm: Algorithm; value: string | undefined } | undefined {
  const inHeaders = Object.keys(headers).filter((name) => /^x-amz-checksum-/.test(name));
  const inTrailer = (headers['x-amz-trailer'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  const names = [...inHeaders, ...inTrailer].filter(
    (name) => /^x-amz-checksum-/.test(name) && !/-(algorithm|type|mode)$/.test(name),
  );

  const [name, second] = names;
  if (name === undefined) return undefined;
  if (second !== undefined) {
    const message =
      'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.';
    throw new S3Error('InvalidRequest', message);
  }
  const algorithm = Algorithm.safeParse(name.slice('x-amz-checksum-'.length).toUpperCase());
  if (!algorithm.success) {
    throw new S3Error('NotImplemented', `The local S3 does not know the checksum ${name}.`);
  }
  return { algorithm: algorithm.data, value: headers[name] };
}

const hexToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/**
 * Streams a body into a data file and verifies it before it can become part of an object.
 *
 * @param algorithm of the checksum that the object or part keeps
 */
export async function storeBody(
  data: DataFiles,
  key: string,
  body: Body,
  algorithm: Algorithm,
): Promise<{ data: DataFile; md5: string; sum: string }> {
  const { file, result } = await data.write(key, async (write) => {
    const measured = await measure(body.chunks, [algorithm, ...body.needs], write);
    body.verify(measured);
    return measured;
  });
  return {
    data: { file, size: result.size },
    md5: result.md5,
    sum: result.sums.get(algorithm) ?? '',
  };
}

/** A body that is read from an object, for copies. */
export const copiedBody = (chunks: Readable, size: number): Body => ({
  chunks,
  size,
  algorithm: undefined,
  needs: [],
  verify: (measured) => {
    if (measured.size !== size)
      throw new Error(`the source has ${measured.size} bytes, not ${size}`);
  },
});

/** Reads the XML body of a request, verified like any body. */
export async function readDocument(request: S3Request): Promise<string> {
  const body = bodyOf(request);
  const pieces: Uint8Array[] = [];
  let size = 0;
  const measured = await measure(body.chunks, body.needs, async (chunk) => {
    size += chunk.length;
    if (size > MAX_DOCUMENT) throw new S3Error('EntityTooLarge', 'The XML document is too large.');
    pieces.push(chunk);
  });
  body.verify(measured);
  return Buffer.concat(pieces).toString('utf8');
}
