import { describe, expect, it } from 'vitest';
import { cifarTable } from '../../bench/cifar-table.ts';
import type { StudentRun } from '../../bench/record.ts';

const aRun = (run: Partial<StudentRun>): StudentRun => {
  const { teacher = 'efficientnet-lite0', px = 96, regime = 'blocks:4' } = run;
  const used = { teacher, px: px === 'auto' ? 96 : px, regime };
  return {
    ...{
      date: '2026-11-26',
      processor: '',
      flags: '',
      memoryBytes: 0,
      loadBefore: 0,
      loadAfter: 0,
    },
    ...{
      set: 'cifar-10',
      by: 'ours',
      images: 1_000,
      test: 1_000,
      seed: 1,
      accuracy: 0.5,
      seconds: 1,
    },
    ...{ teacher, px, regime, used },
    ...run,
  };
};

/** The cells of the table's rows. */
const rowsOf = (runs: readonly StudentRun[]): string[][] =>
  cifarTable(runs)
    .split('\n')
    .filter((line) => line.startsWith('| 1'))
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('cifarTable', () => {
  it('shows ours and Keras of the same training in one row', () => {
    const rows = rowsOf([aRun({ accuracy: 0.87 }), aRun({ by: 'keras', accuracy: 0.859 })]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toEqual(expect.arrayContaining(['87.0%', '85.9%', '≥ 86.5%', 'reached']));
  });

  it('compares auto with the best regime of Keras at that size, and says what was chosen', () => {
    const used = { teacher: 'efficientnet-lite1', px: 96, regime: 'blocks:4' };
    const [auto] = rowsOf([
      aRun({ regime: 'auto', teacher: 'auto', used, accuracy: 0.86 }),
      aRun({ by: 'keras', regime: 'head-only', accuracy: 0.76 }),
      aRun({ by: 'keras', regime: 'blocks:4', accuracy: 0.859 }),
      aRun({ by: 'keras', regime: 'blocks:4', px: 224, accuracy: 0.9 }),
    ]);
    expect(auto).toEqual(expect.arrayContaining(['blocks:4, lite1', '85.9% (blocks:4)']));
    expect(auto).toContain('**missed**'); // the goal of auto at 96 px
  });

  it('gives the mean over the seeds, and each', () => {
    const [row] = rowsOf([
      aRun({ seed: 1, accuracy: 0.86 }),
      aRun({ seed: 2, accuracy: 0.87 }),
      aRun({ seed: 3, accuracy: 0.88 }),
    ]);
    expect(row).toContain('87.0% (86.0, 87.0, 88.0)');
  });

  it.each([
    { ours: 0.85, expected: 'reached' },
    { ours: 0.849, expected: '**missed**' },
  ])(
    'lets ours be a point below Keras where no goal is set: $ours is $expected',
    ({ ours, expected }) => {
      const runs = [aRun({ accuracy: ours }), aRun({ by: 'keras', accuracy: 0.86 })];
      const [row] = rowsOf(runs.map((run) => ({ ...run, regime: 'blocks:2' })));
      expect(row).toContain(expected);
    },
  );
});
