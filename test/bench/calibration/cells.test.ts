import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cellsInOrder, keepCell, keyOf, readCells } from '../../../bench/calibration/cells.ts';

const datasets = [
  { name: 'one', source: 'a', sizes: [5, 20, 100, 'all'] as const },
  { name: 'one again', source: 'a', sizes: [20] as const },
  { name: 'two', source: 'b', sizes: [5, 20] as const },
];

describe('cellsInOrder', () => {
  const cells = cellsInOrder(datasets, 64);

  it('has each dataset with each of its sizes, regimes and seeds once', () => {
    expect(cells).toHaveLength((4 + 1 + 2) * 6 * 3);
    expect(new Set(cells.map(keyOf)).size).toBe(cells.length);
  });

  it('completes one situation after the other, one dataset of each source first', () => {
    expect(cells.slice(0, 4).map(keyOf)).toEqual([
      'one 20 last-features 1 64',
      'one 20 head-only 1 64',
      'one 20 blocks:4 1 64',
      'one 20 full 1 64',
    ]);
    const situations = [0, 4, 8].map((i) => cells[i]?.dataset);
    expect(situations).toEqual(['one', 'two', 'one again']);
    expect(cells.findIndex(({ seed }) => seed === 2)).toBe(cells.length / 3);
  });
});

describe('readCells', () => {
  it('takes the later of two tries of the same cell', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-cells-'));
    const file = join(folder, 'cells.jsonl');
    const [cell] = cellsInOrder(datasets, 64);
    if (!cell) throw new Error('no cells');

    expect(await readCells(file)).toEqual([]);
    await keepCell(file, { ...cell, error: 'once' });
    await keepCell(file, { ...cell, error: 'again' });
    expect(await readCells(file)).toEqual([{ ...cell, error: 'again' }]);
    await rm(folder, { recursive: true });
  });
});
