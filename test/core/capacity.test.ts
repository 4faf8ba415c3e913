import { describe, expect, it } from 'vitest';
import { starvedOnceMore, wantedInstances } from '#core/capacity.ts';

const TYPES = ['ml.g4dn.xlarge', 'ml.g5.xlarge'];

describe('wantedInstances', () => {
  it.each([
    ['nothing has starved', true, {}, TYPES, true],
    ['the first has', true, { 'ml.g4dn.xlarge': 1 }, ['ml.g5.xlarge', 'ml.g4dn.xlarge'], true],
    ['both have', true, { 'ml.g4dn.xlarge': 1, 'ml.g5.xlarge': 1 }, TYPES, true],
    ['both have', 'fallback', { 'ml.g4dn.xlarge': 1, 'ml.g5.xlarge': 1 }, TYPES, false],
    ['one has', 'fallback', { 'ml.g4dn.xlarge': 3 }, ['ml.g5.xlarge', 'ml.g4dn.xlarge'], true],
    ['spot is not wanted', false, {}, TYPES, false],
    ['a type that is not allowed any more has', true, { 'ml.p3.2xlarge': 4 }, TYPES, true],
  ] as const)('%s, spot: %s', (_, spot, starved, instanceTypes, isSpot) => {
    expect(wantedInstances(TYPES, spot, starved)).toMatchObject({ instanceTypes, spot: isSpot });
  });

  it('waits long only where there is nothing else to try', () => {
    expect(wantedInstances(['ml.g5.xlarge'], true).maxSpotWaitSeconds).toBe(4 * 3600);
    expect(wantedInstances(['ml.g5.xlarge'], 'fallback').maxSpotWaitSeconds).toBe(3600);
    expect(wantedInstances(TYPES, true).maxSpotWaitSeconds).toBe(3600);
  });

  it('counts', () => {
    const once = starvedOnceMore(undefined, 'a');
    expect(starvedOnceMore(starvedOnceMore(once, 'b'), 'a')).toEqual({ a: 2, b: 1 });
  });
});
