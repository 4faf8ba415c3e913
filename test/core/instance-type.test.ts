import { describe, expect, it } from 'vitest';
import { hasGpu } from '#core/instance-type.ts';

describe('hasGpu', () => {
  it.each(['ml.g4dn.xlarge', 'ml.g5.xlarge', 'ml.gr6.4xlarge', 'ml.p5.48xlarge'])(
    'is true of %s',
    (type) => expect(hasGpu(type)).toBe(true),
  );
  it.each(['ml.m5.xlarge', 'ml.c7g.large', 'ml.local.cpu'])('is false of %s', (type) =>
    expect(hasGpu(type)).toBe(false),
  );
});
