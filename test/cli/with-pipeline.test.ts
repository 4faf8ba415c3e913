import { describe, expect, it } from 'vitest';
import { deploy } from '#cli/verbs/deploy.ts';
import { destroy } from '#cli/verbs/destroy.ts';
import { outputs } from '#cli/verbs/outputs.ts';
import { status } from '#cli/verbs/status.ts';
import { DEFAULT_STACK } from '#infra/settings.ts';

describe('the option --stack', () => {
  it.each([
    ['deploy', deploy, DEFAULT_STACK],
    ['outputs', outputs, DEFAULT_STACK],
    ['destroy', destroy, DEFAULT_STACK],
    ['status', status, undefined],
  ])('of %s comes from UNDERSTUDY_STACK', (_, verb, otherwise) => {
    const option = verb().options.find(({ long }) => long === '--stack');

    expect(option?.envVar).toBe('UNDERSTUDY_STACK');
    expect(option?.defaultValue).toBe(otherwise);
  });
});
