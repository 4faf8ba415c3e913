import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { INSUFFICIENT_STORAGE } from '#lambdas/insufficient-storage.ts';
import { activity } from '../activity.ts';
import { type Disk, unwatchedDisk } from '../disk-space.ts';
import { describeFailure, type Failure, S3Error } from './errors.ts';
import { type ObjectCreated, objectCreated } from './events.ts';
import type { Context, Reply } from './operation.ts';
import { refuseExpired } from './presigned.ts';
import { parseRequest } from './request.ts';
import { answer } from './routes.ts';
import { openStore } from './store.ts';
import { xmlDocument } from './xml.ts';

export type ObjectCreatedListener = (event: ObjectCreated) => void | Promise<void>;

/** An S3 in this process. */
export interface LocalS3 {
  /**
   * Handles a request, in path style or for `<bucket>.localhost`; never rejects. All credentials are accepted and no
   * signature is checked, so bind the server to 127.0.0.1 and check `Host`. Set its `requestTimeout` to 0: the default
   * of five minutes would cut off long uploads.
   */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Creates a bucket unless it exists. */
  createBucket(name: string): Promise<void>;
  /**
   * Registers a listener, called once for every object in the order of commits, after the object is durable. If the
   * process is killed in between, the event is lost. Errors of listeners are logged to stderr.
   *
   * @returns a function that removes the listener
   */
  onObjectCreated(listener: ObjectCreatedListener): () => void;
  /** Takes no more requests; resolves when running requests and listeners have ended. */
  close(): Promise<void>;
}

export interface LocalS3Options {
  folder: string;
  now?: () => Date;
  region?: string;
  disk?: Disk;
}

/** Opens an S3 over plain files in `folder`, for one process at a time. Reads all metadata before it returns. */
export function localS3(options: LocalS3Options): LocalS3 {
  const { folder, now = () => new Date(), region = 'us-east-1' } = options;
  const store = openStore(folder, now);
  const listeners = new Set<ObjectCreatedListener>();
  const requests = activity(); // and calls of listeners
  let closed = false;

  const context: Context = {
    store,
    disk: options.disk ?? unwatchedDisk(folder),
    region,
    announce({ id, bucket, incoming }, object, reason) {
      const address = incoming.socket.remoteAddress ?? '127.0.0.1';
      const circumstances = { bucket, region, requestId: id, address, reason, at: now() };
      const event = objectCreated(object, circumstances);
      for (const listener of listeners) void requests.track(notify(listener, event));
    },
  };

  return {
    handle(incoming, response) {
      if (closed) {
        incoming.destroy();
        return Promise.resolve();
      }
      return requests.track(handle(context, incoming, response));
    },
    async createBucket(name) {
      await store.createBucket(name);
    },
    onObjectCreated(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      await requests.idle();
    },
  };
}

/** Calls a listener in a later turn, so that the response never waits for it. */
async function notify(listener: ObjectCreatedListener, event: ObjectCreated): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  try {
    await listener(event);
  } catch (error) {
    const { key } = event.detail.object;
    complain('an Object Created listener failed', { key, error: String(error) });
  }
}

async function handle(
  context: Context,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const id = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', id);
  response.setHeader('x-amz-id-2', id);
  try {
    const request = parseRequest(incoming, id);
    refuseExpired(request.query, context.store.now());
    await send(response, await answer(context, request));
  } catch (error) {
    if (isClientGone(error, incoming)) return; // nobody is left to answer
    const failure = describeFailure(error, context.disk);
    if (!(error instanceof S3Error) && failure.status !== INSUFFICIENT_STORAGE)
      complain('an S3 request failed', { id, error: String(error) });
    incoming.resume(); // many clients read the response only after they have sent everything
    if (response.headersSent)
      response.destroy(); // too late for an error response
    else await send(response, refusal(failure, incoming, id)).catch(() => response.destroy());
  }
}

const isClientGone = (error: unknown, incoming: IncomingMessage): boolean =>
  (incoming.destroyed && !incoming.complete) ||
  (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE');

async function send(
  response: ServerResponse,
  { status, headers = {}, body }: Reply,
): Promise<void> {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (typeof body === 'object') {
    await pipeline(body, response);
    return;
  }
  const bytes = Buffer.from(body ?? '');
  if (body !== undefined) response.setHeader('content-type', 'application/xml');
  if (bytes.length > 0) response.setHeader('content-length', bytes.length);
  response.end(bytes);
}

function refusal(failure: Failure, incoming: IncomingMessage, id: string): Reply {
  const { status, code, message, details = {} } = failure;
  if (incoming.method === 'HEAD') return { status };
  const Resource = (incoming.url ?? '').split('?')[0];
  const content = { Code: code, Message: message, ...details, Resource, RequestId: id, HostId: id };
  return { status, body: xmlDocument('Error', content, false) };
}

/** Logs one JSON line. */
function complain(what: string, facts: Record<string, string>): void {
  process.stderr.write(
    `${JSON.stringify({ level: 'error', source: 'local/s3', what, ...facts })}\n`,
  );
}
