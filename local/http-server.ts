import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerJson, refusal } from './events/aws-json.ts';

export type Service = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface LocalAws {
  port: number; // 0 for any free port
  s3: Service;
  dynamodb: Service;
  sagemaker: Service;
  bus: Service;
  logs: Service;
  /** Added to the response of `/health`. */
  health: Record<string, unknown>;
}

/** Another program uses the port. */
export class PortTaken extends Error {
  override name = 'PortTaken';
}

/**
 * Serves all local AWS services on one port of 127.0.0.1. A request is routed by its `X-Amz-Target`; one without goes to
 * S3.
 *
 * @throws PortTaken
 */
export async function serveLocalAws(aws: LocalAws) {
  const targets = new Map([
    ['DynamoDB_20120810', aws.dynamodb],
    ['SageMaker', aws.sagemaker],
    ['AWSEvents', aws.bus],
    ['Logs_20140328', aws.logs],
  ]);
  const server = createServer((request, response) => {
    void route(request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 0; // a large upload may take long
  server.on('clientError', (_, socket) => socket.destroy());

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reason = refusalOf(request);
    if (reason !== undefined) return refuse(response, reason);
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') {
      const service = targets.get(target.split('.')[0] ?? '') ?? unknown(target);
      return service(request, response);
    }
    if (request.method === 'GET' && request.url === '/health') return health(response, aws.health);
    return aws.s3(request, response);
  }

  await listen(server, aws.port);
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`, // not localhost: with a name, the SDK would resolve `bucket.localhost`
    port,
    /** Takes no more requests, and finishes the running ones within two seconds. */
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS).unref();
      }),
  };
}

const CLOSE_TIMEOUT_MS = 2_000;

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const sentence = `Port ${port} on 127.0.0.1 is in use by another program; choose another port with --port.`;
      const isTaken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(isTaken ? new PortTaken(sentence, { cause: error }) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\]|[a-z0-9.-]+\.localhost)(:\d+)?$/i;

/**
 * Returns why a request must be refused, if it comes from a web page. Pages in a browser can reach 127.0.0.1 too: through
 * a host name that resolves to it (DNS rebinding, visible in `Host`), or across origins, which browsers say in `Origin`
 * and, where they send none (images, links), in `Sec-Fetch-Site`. The programs on another port are other origins too.
 */
function refusalOf({ headers, headersDistinct }: IncomingMessage): string | undefined {
  const { host = '', origin } = headers;
  if ((headersDistinct.host?.length ?? 0) > 1)
    return 'This server refuses requests with two hosts.';
  if (!OWN_NAMES.test(host)) {
    return `This server accepts requests to 127.0.0.1 and localhost, not to "${host}".`;
  }
  const elsewhere = 'This server refuses requests from other origins.';
  if (origin !== undefined && !isOwn(origin, host)) return elsewhere;
  const site = headers['sec-fetch-site'];
  return site === undefined || SAME_SITE.has(String(site)) ? undefined : elsewhere;
}

/** `none` is the address bar. */
const SAME_SITE = new Set(['same-origin', 'none']);

const isOwn = (origin: string, host: string): boolean =>
  URL.canParse(origin) && origin.startsWith('http://') && new URL(origin).host === host;

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
      refusal('UnknownOperationException', `The local AWS does not implement ${target}.`),
    );
