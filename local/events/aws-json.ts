import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A response in the AWS JSON protocols. The SDKs throw `{ __type, message }` with 4xx or 5xx as a typed exception. */
export interface JsonAnswer {
  status: number;
  body: unknown;
}

/** The limit of DynamoDB, the largest of the services here. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/** The part of `X-Amz-Target: Service_20120810.Operation` after the dot. */
export function operationOf(request: IncomingMessage): string {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' ? (target.split('.').at(-1) ?? '') : '';
}

/** Reads the request and writes the response of `answer`; an error becomes a response too. */
export async function answerJson(
  request: IncomingMessage,
  response: ServerResponse,
  protocol: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1',
  answer: (parameters: unknown) => Promise<JsonAnswer> | JsonAnswer,
): Promise<void> {
  const { status, body } = await readParameters(request)
    .then(async (read) => ('refused' in read ? read.refused : await answer(read.parameters)))
    .catch((error: unknown) => refusal('InternalFailure', sentence(error), 500));
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': protocol,
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}

export const refusal = (type: string, message: string, status = 400): JsonAnswer => ({
  status,
  body: { __type: type, message },
});

export const sentence = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

async function readParameters(
  request: IncomingMessage,
): Promise<{ parameters: unknown } | { refused: JsonAnswer }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_REQUEST_BYTES) {
      return { refused: refusal('RequestEntityTooLarge', 'the request is over 16 MiB', 413) };
    }
    parts.push(part);
  }
  try {
    return { parameters: JSON.parse(Buffer.concat(parts).toString() || '{}') };
  } catch {
    return { refused: refusal('SerializationException', 'the request is not JSON') };
  }
}
