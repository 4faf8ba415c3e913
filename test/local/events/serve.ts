import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** A server on 127.0.0.1 that routes by the service in `X-Amz-Target`; what names none goes to `s3`. */
export async function serve(services: Readonly<Record<string, Handle>>) {
  const server = createServer((request, response) => {
    const [service = ''] = String(request.headers['x-amz-target'] ?? 's3').split(/[._]/);
    const handle = services[service];
    if (!handle) return void response.writeHead(404).end(`no service ${service}`);
    return void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    /** settings of any SDK client that is to talk to this server; one try, so that errors are seen as sent */
    client: {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      maxAttempts: 1,
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
