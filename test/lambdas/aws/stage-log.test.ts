import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stageLog } from '#lambdas/aws/stage-log.ts';

const lines: string[] = [];
const keep = (line: unknown) => lines.push(String(line)) > 0;
beforeEach(() => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => {
  lines.length = 0;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const entry = {
  jobId: 'a',
  observation: 'dataset-validated',
  from: 'received',
  to: 'validated',
} as const;

describe('stageLog', () => {
  it('writes one line of JSON per step', () => {
    stageLog('validate-dataset').recorded(entry);

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'INFO',
      stage: 'validate-dataset',
      ...entry,
    });
  });

  it.each([
    ['an error', new Error('S3 is down')],
    ['anything else', 'S3 is down'],
  ])('writes one line of JSON per failure: %s', (_, error) => {
    stageLog('publish-student').failed(error, { jobId: 'a', trainingJobName: 't' });

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'ERROR',
      stage: 'publish-student',
      jobId: 'a',
      trainingJobName: 't',
      error: { message: 'S3 is down' },
    });
  });

  it('leaves out what the local services have told the user already', () => {
    const full = Object.assign(new Error('The disk is full.'), {
      $metadata: { httpStatusCode: 507 },
    });
    stageLog('sweep-jobs').failed(full, {});
    stageLog('sweep-jobs').failed(new Error('x', { cause: new AggregateError([full]) }), {});

    expect(lines).toEqual([]);
  });

  it('writes failures only where the terminal shows the steps', () => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'ERROR');
    const log = stageLog('sweep-jobs');
    log.recorded(entry);
    log.failed(new Error('x'), {});

    expect(lines).toHaveLength(1);
  });
});
