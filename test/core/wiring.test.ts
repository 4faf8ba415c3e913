import { describe, expect, it } from 'vitest';
import { ANNOUNCEMENT_SOURCE, ANNOUNCEMENT_TYPE } from '#core/announcement.ts';
import { trainingJobName } from '#core/identity.ts';
import { ANNOUNCEMENTS, STAGES, TRAININGS, UPLOADS } from '#core/wiring.ts';

describe('the patterns', () => {
  it('match the names that the stages use', () => {
    const [upload] = UPLOADS.detail.object.key;
    const [training] = TRAININGS.detail.TrainingJobName;

    expect('datasets/pets.zip').toContain(upload?.prefix);
    expect(trainingJobName('pets', 'a'.repeat(64), 1).startsWith(training?.prefix ?? '-')).toBe(
      true,
    );
    expect(ANNOUNCEMENTS).toEqual({
      source: [ANNOUNCEMENT_SOURCE],
      'detail-type': [ANNOUNCEMENT_TYPE],
    });
  });
});

describe('the limits of the stages', () => {
  it.each(Object.entries(STAGES))('%s stays below what a Lambda may take', (_, stage) => {
    expect(stage.timeoutSeconds).toBeLessThanOrEqual(900);
    expect(stage.batchSize).toBeGreaterThan(0);
  });
});
