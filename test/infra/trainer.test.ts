import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { PipelineStack } from '#infra/pipeline-stack.ts';
import type { PipelineSettings } from '#infra/settings.ts';

/** The image that `cdk deploy` would build. */
function imageOf(settings: PipelineSettings) {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  new PipelineStack(app, 'Understudy', settings);
  const { directory } = app.synth();
  const assets = JSON.parse(readFileSync(join(directory, 'Understudy.assets.json'), 'utf8'));
  const [image] = Object.values(assets.dockerImages) as {
    source: { directory: string; dockerFile: string; dockerBuildArgs: Record<string, string> };
    destinations: object;
  }[];
  return { ...image, files: readdirSync(join(directory, image?.source.directory ?? '')) };
}

describe('the training image of a deployment', { timeout: 120_000 }, () => {
  it.each<[string, PipelineSettings]>([
    ['gpu', {}],
    ['gpu', { instanceTypes: ['ml.m5.xlarge', 'ml.g5.xlarge'] }],
    ['cpu', { instanceTypes: ['ml.m5.xlarge'] }],
  ])('is the one for the %s, for %j', (device, settings) => {
    const { source } = imageOf(settings);

    expect(source?.dockerBuildArgs).toEqual({ DEVICE: device });
    expect(source?.dockerFile).toBe('training-image/Dockerfile');
    expect(JSON.stringify(source)).toContain('linux/amd64');
  });

  it('is made of what the Dockerfile copies, and of nothing else', () => {
    const copied = readFileSync('training-image/Dockerfile', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('COPY ') && !line.startsWith('COPY --from'))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .map((path) => path.split('/')[0]);

    expect(imageOf({}).files.sort()).toEqual([...new Set(copied)].sort());
  });
});
