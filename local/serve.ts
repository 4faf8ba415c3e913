import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerJson, refusal } from './events/aws-json.ts';

export type Service = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface LocalAws {
  port: number; // 0 = any that is free
  s3: Service;
  dynamodb: Service;
  sagemaker: Service;
  bus: Service;
  logs: Service;
  /** What `/health` says besides that somebody is here. */
  health: Record<string, unknown>;
}

/** Chosen: none of the ports that AWS emulators and their neighbours use. */
export const DEFAULT_PORT = 4480;

/** Another program listens there. */
export class PortTaken extends Error {
  override name = 'PortTaken';
}

/**
 * Serves all of the local AWS on one port of 127.0.0.1, told apart as the SDKs call them: by `X-Amz-Target`, and S3 by
 * the lack of one.
 *
 * @throws PortTaken
 */
export async function serveLocalAws(aws: LocalAws) {
  const targets: Record<string, Service> = {
    DynamoDB_20120810: aws.dynamodb,
    SageMaker: aws.sagemaker,
    AWSEvents: aws.bus,
    Logs_20140328: aws.logs,
  };
  const server = createServer((request, response) => {
    void route(request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 0; // a large upload may take its time
  server.on('clientError', (_, socket) => socket.destroy());

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stranger = strangerOf(request);
    if (stranger) return refuse(response, stranger);
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') {
      const service = targets[target.split('.')[0] ?? ''] ?? unknown(target);
      return service(request, response);
    }
    if (request.method === 'GET' && request.url === '/health') return health(response, aws.health);
    return aws.s3(request, response);
  }

  await listen(server, aws.port);
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`, // never localhost: with a name the SDK would ask for `bucket.localhost`
    port,
    /** Takes no more requests; what is being answered is answered. */
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), LONGEST_GOODBYE_MS).unref();
      }),
  };
}

const LONGEST_GOODBYE_MS = 2_000;

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const sentence = `Port ${port} of 127.0.0.1 is taken by another program; choose another with --port.`;
      const isTaken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(isTaken ? new PortTaken(sentence, { cause: error }) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\]|[a-z0-9.-]+\.localhost)(:\d+)?$/i;

/**
 * Why a request is not from this machine's own programs, if so. A page in a browser reaches 127.0.0.1 too: by a name of
 * its own that resolves there (DNS rebinding, told by `Host`), or across origins (told by `Origin`).
 */
function strangerOf({ headers }: IncomingMessage): string | undefined {
  if (!OWN_NAMES.test(headers.host ?? '')) {
    return `This server answers to 127.0.0.1 and localhost, not to the name "${headers.host ?? ''}".`;
  }
  if (headers.origin === undefined) return undefined;
  const origin = URL.canParse(headers.origin) ? new URL(headers.origin).host : '';
  return OWN_NAMES.test(origin) ? undefined : 'This server answers no pages of other origins.';
}

function refuse(response: ServerResponse, sentence: string): void {
  response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${sentence}\n`);
}

function health(response: ServerResponse, facts: Record<string, unknown>): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const services = ['s3', 'dynamodb', 'sagemaker', 'events', 'logs'];
  response.end(JSON.stringify({ understudy: 'local', services, ...facts }));
}

const unknown =
  (target: string): Service =>
  (request, response) =>
    answerJson(request, response, 'application/x-amz-json-1.1', () =>
      refusal('UnknownOperationException', `The local AWS does not know ${target}.`),
    );
