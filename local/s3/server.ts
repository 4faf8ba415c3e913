import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { activity } from '../activity.ts';
import { describeFailure, S3Error } from './errors.ts';
import { type ObjectCreated, objectCreated } from './events.ts';
import type { Context, Reply } from './operation.ts';
import { parseRequest } from './request.ts';
import { answer } from './routes.ts';
import { openStore } from './store.ts';
import { xmlDocument } from './xml.ts';

export type ObjectCreatedListener = (event: ObjectCreated) => void | Promise<void>;

/** An S3 in this process. */
export interface LocalS3 {
  /**
   * Answers one request, in path style or for `<bucket>.localhost`; never rejects. Any credentials are accepted and no
   * signature is checked, so bind the server to 127.0.0.1, check `Host`, and set its `requestTimeout` to 0: the
   * default of five minutes would cut long uploads.
   */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Makes a bucket unless it is there. */
  createBucket(name: string): Promise<void>;
  /**
   * Called once for every object, after it is durable and in the order of commits; a kill in between loses the event.
   * A listener's failure is written to stderr and changes nothing.
   *
   * @returns a function that takes the listener off again
   */
  onObjectCreated(listener: ObjectCreatedListener): () => void;
  /** Takes no more requests; resolves when the running ones and the listeners have ended. Nothing else is to be saved. */
  close(): Promise<void>;
}

/** Opens an S3 over plain files in `folder`; one process at a time may. Reads all metadata before it returns. */
export function localS3(options: { folder: string; now?: () => Date; region?: string }): LocalS3 {
  const { folder, now = () => new Date(), region = 'us-east-1' } = options;
  const store = openStore(folder, now);
  const listeners = new Set<ObjectCreatedListener>();
  const requests = activity(); // and calls of listeners
  let closed = false;

  const context: Context = {
    store,
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

/** In a later turn, so that the answer never waits for a listener. */
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
    await send(response, await answer(context, parseRequest(incoming, id)));
  } catch (error) {
    if (isClientGone(error, incoming)) return; // and what it sent with it
    if (!(error instanceof S3Error)) complain('an S3 request failed', { id, error: String(error) });
    incoming.resume(); // many clients read no answer before they have sent all
    if (response.headersSent)
      response.destroy(); // too late to say it otherwise
    else await send(response, refusal(error, incoming, id)).catch(() => response.destroy());
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

function refusal(error: unknown, incoming: IncomingMessage, id: string): Reply {
  const { status, code, message } = describeFailure(error);
  if (incoming.method === 'HEAD') return { status };
  const details = error instanceof S3Error ? error.details : {};
  const Resource = (incoming.url ?? '').split('?')[0];
  const content = { Code: code, Message: message, ...details, Resource, RequestId: id, HostId: id };
  return { status, body: xmlDocument('Error', content, false) };
}

/** One JSON line for whoever runs the server; the client was told as well, where there is one. */
function complain(what: string, facts: Record<string, string>): void {
  process.stderr.write(
    `${JSON.stringify({ level: 'error', source: 'local/s3', what, ...facts })}\n`,
  );
}
