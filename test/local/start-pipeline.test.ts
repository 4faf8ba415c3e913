import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PortTaken } from '#local/http-server.ts';
import { type PipelineOptions, startPipeline } from '#local/start-pipeline.ts';

let folder: string;
const other = createServer();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-up-'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => other.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

it('can be started on another port after the first one was taken', async () => {
  const options: Omit<PipelineOptions, 'port'> = {
    folder,
    storageOnly: true,
    loseEvents: false,
    sweepEverySeconds: 5,
    report: () => undefined,
    onRow: () => undefined,
    onTrainingLine: () => undefined,
    onAnnouncement: () => undefined,
  };
  const { port } = other.address() as AddressInfo;

  await expect(startPipeline({ ...options, port })).rejects.toThrow(PortTaken);
  const pipeline = await startPipeline({ ...options, port: 0 });

  expect(new URL(pipeline.endpoint).port).not.toBe(String(port));
  await pipeline.stop();
});
