import { type Cell, cellsInOrder, type MeasuredCell } from '../../../bench/calibration/cells.ts';
import { DATASETS } from '../../../bench/calibration/datasets.ts';

/** How much accuracy a head leaves to be gained, by dataset: what fine-tuning can win with many images. */
const distance = (dataset: string): number =>
  DATASETS.findIndex(({ name }) => name === dataset) / DATASETS.length;

const GAIN: Record<Cell['regime'], number> = {
  'last-features': -0.1,
  'head-only': 0,
  'blocks:2': 0.5,
  'blocks:4': 0.8,
  full: 1,
  auto: 0.8,
};

/**
 * Students of a world with a simple law: fine-tuning gains up to 30 points on the farthest dataset from 20 images per
 * class on, and harms below; no chance in it.
 */
export function syntheticCells(): MeasuredCell[] {
  const datasets = DATASETS.map(({ name, source }) => ({ name, source, sizes: [5, 20, 100] }));
  return cellsInOrder(datasets, 64).map((cell) => {
    const far = distance(cell.dataset);
    const perClass = Number(cell.perClass);
    const head = 0.95 - 0.5 * far;
    const gain = GAIN[cell.regime] * (perClass < 20 ? -0.1 : far > 0.25 ? 0.3 * far : -0.02);
    const kappa = (head - 0.1) / 0.9;
    return {
      ...cell,
      classes: 10,
      learned: 10 * perClass,
      tested: 1_000,
      accuracy: head + gain,
      cpuSeconds: 1 + 10 * Math.max(0, GAIN[cell.regime]),
      plan: {},
      facts: {
        standardError: 0.01,
        similarity: kappa,
        kappa,
        perBlock: [0.1, 0.2, 0.3, kappa, kappa, kappa, kappa],
      },
      versions: { commit: 'synthetic' },
      date: '2026-11-26',
    };
  });
}
