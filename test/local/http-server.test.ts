import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, describe, expect, it } from 'vitest';
import { PortTaken, type Service, serveLocalAws } from '#local/http-server.ts';
import { localLogs } from '#local/logs/logs.ts';
import { LOCAL_CREDENTIALS } from '#local/names.ts';

let server: Awaited<ReturnType<typeof serveLocalAws>> | undefined;
afterEach(() => server?.close());

const answering =
  (name: string): Service =>
  async (_, response) => {
    response.end(name);
  };

async function serve(port = 0, logs: Service = answering('logs')) {
  const [s3, dynamodb, sagemaker, bus] = ['s3', 'dynamodb', 'sagemaker', 'bus'].map(answering) as [
    Service,
    Service,
    Service,
    Service,
  ];
  server = await serveLocalAws({
    port,
    s3,
    dynamodb,
    sagemaker,
    bus,
    logs,
    health: { trains: true },
  });
  return server;
}

/** fetch sets `Host` itself; this says it as it is told. */
function ask(
  port: number,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/', headers }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

describe('the local AWS behind one port', () => {
  it.each([
    ['DynamoDB_20120810.GetItem', 'dynamodb'],
    ['SageMaker.DescribeTrainingJob', 'sagemaker'],
    ['AWSEvents.PutEvents', 'bus'],
    ['Logs_20140328.FilterLogEvents', 'logs'],
  ])('gives %s to %s', async (target, name) => {
    const { endpoint } = await serve();

    const answer = await fetch(endpoint, { method: 'POST', headers: { 'x-amz-target': target } });

    expect(await answer.text()).toBe(name);
  });

  it('takes what has no target for S3, and says at /health who is there', async () => {
    const { endpoint } = await serve();

    expect(await (await fetch(`${endpoint}/bucket/key`)).text()).toBe('s3');
    expect(await (await fetch(`${endpoint}/health`)).json()).toMatchObject({ trains: true });
  });

  it('names a service that it does not know', async () => {
    const { endpoint } = await serve();
    const headers = { 'x-amz-target': 'Kinesis_20131202.PutRecord' };

    const answer = await fetch(endpoint, { method: 'POST', headers });

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  it.each([
    ['a name that an attacker let point here', { host: 'evil.example' }, 403],
    ['a page of another origin', { host: '127.0.0.1', origin: 'https://evil.example' }, 403],
    ['a page without an origin', { host: '127.0.0.1', origin: 'null' }, 403],
    ['a page of another port', { host: '127.0.0.1', origin: 'http://127.0.0.1:3000' }, 403],
    ['a page of another name', { host: '127.0.0.1:80', origin: 'http://localhost:3000' }, 403],
    ['a page of its own port', { host: '127.0.0.1:4480', origin: 'http://127.0.0.1:4480' }, 200],
    ['an image in a page', { host: '127.0.0.1', 'sec-fetch-site': 'cross-site' }, 403],
    ['an image in another port’s page', { host: '127.0.0.1', 'sec-fetch-site': 'same-site' }, 403],
    ['an image in its own page', { host: '127.0.0.1', 'sec-fetch-site': 'same-origin' }, 200],
    ['the address bar', { host: '127.0.0.1', 'sec-fetch-site': 'none' }, 200],
    ['a bucket in the host name', { host: 'pets.localhost' }, 200],
  ])('answers %s with %j by %i', async (_, headers, status) => {
    const { port } = await serve();

    expect((await ask(port, headers)).status).toBe(status);
  });

  it.each(['constructor.x', '__proto__.x', 'toString.x', 'hasOwnProperty', ''])(
    'answers the target %j',
    async (target) => {
      const { endpoint } = await serve();
      const headers = { 'x-amz-target': target };
      const answer = await fetch(endpoint, { method: 'POST', headers });

      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ __type: 'UnknownOperationException' });
    },
  );

  it('refuses a request with two hosts', async () => {
    const { port } = await serve();
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n'),
      );
      socket.once('data', (data) => {
        resolve(String(data));
        socket.destroy();
      });
      socket.once('error', reject);
    });

    expect(answer).toMatch(/^HTTP\/1.1 40[03] /);
  });

  it('listens on 127.0.0.1 only, and names a port that is taken', async () => {
    const { port } = await serve();
    const first = server;

    await expect(serve(port)).rejects.toThrow(PortTaken);
    const elsewhere = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.2');
      socket.on('error', () => resolve('refused'));
      socket.on('connect', () => resolve('connected'));
    });
    expect(elsewhere).toBe('refused');
    server = first;
  });

  it('ends although a client keeps its connection open', async () => {
    const { port, close } = await serve();
    await new Promise<void>((resolve) => connect(port, '127.0.0.1', resolve));

    await close();
    server = undefined;
  });
});

describe('the local CloudWatch Logs', () => {
  it('gives the lines of one training job from a time on, a page at a time', async () => {
    let now = 1_000;
    const logs = localLogs('/aws/sagemaker/TrainingJobs', () => now++);
    for (const line of ['one', 'two', 'three']) logs.write('understudy-pets-a1', line);
    logs.write('understudy-cars-a1', 'other');
    const { endpoint } = await serve(0, logs.handle);
    const client = new CloudWatchLogsClient({ endpoint, ...LOCAL_CREDENTIALS });
    const filter = {
      logGroupName: '/aws/sagemaker/TrainingJobs',
      logStreamNamePrefix: 'understudy-pets',
      startTime: 1_001,
      limit: 1,
    };

    const first = await client.send(new FilterLogEventsCommand(filter));
    const { nextToken } = first;
    const second = await client.send(new FilterLogEventsCommand({ ...filter, nextToken }));

    expect(first.events?.map(({ message }) => message)).toEqual(['two']);
    expect(second.events?.map(({ message }) => message)).toEqual(['three']);
    expect(second.nextToken).toBeUndefined();
    const elsewhere = { ...filter, logGroupName: '/elsewhere' };
    await expect(client.send(new FilterLogEventsCommand(elsewhere))).rejects.toThrow(
      'does not exist',
    );
  });
});
