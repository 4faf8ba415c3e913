import { wilson95 } from '#core/wilson-interval.ts';
import type { CoveragePoint } from '../coverage.ts';
import type { ReliabilityBin } from '../reliability.ts';
import { ALL, COLOURS, draw, quantity, SHARE, SIZE } from './draw.ts';

/** Accuracy among the answered images, by their share. */
export function coveragePlot(curve: readonly CoveragePoint[]): Promise<string> {
  const all = curve.at(-1)?.answered ?? 1;
  // The first few images alone would only show how wide an interval can be.
  const shown = curve.filter(({ answered }) => answered >= Math.min(all, Math.max(10, 0.1 * all)));
  const values = shown.map(({ answered, correct }) => {
    const [low, high] = wilson95(correct, answered);
    return { share: answered / all, accuracy: correct / answered, low, high };
  });
  const lowest = Math.min(...values.map(({ low }) => low), 0.99);
  const domain = [Math.floor(20 * lowest) / 20, 1];
  const x = quantity('share', 'Images that are answered, the surest first', ALL, SHARE);
  const y = quantity('accuracy', null, { domain, zero: false, nice: false }, SHARE);
  return draw(
    {
      ...SIZE,
      data: { values },
      encoding: { x },
      layer: [
        {
          mark: { type: 'area', color: COLOURS.student, opacity: 0.16, clip: true },
          encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } },
        },
        { mark: { type: 'line', clip: true }, encoding: { y } },
      ],
    },
    'Accuracy among the images that are answered, by their share',
  );
}

/** How often answers of each confidence are right. */
export function reliabilityPlot(bins: readonly ReliabilityBin[]): Promise<string> {
  const all = bins.reduce((sum, { n }) => sum + n, 0);
  const values = bins.map(({ n, confidence, accuracy, interval95: [low, high] }) => ({
    size: 20 + 130 * Math.sqrt(n / all),
    confidence,
    accuracy,
    low,
    high,
  }));
  const x = quantity('confidence', 'Confidence of the answer', ALL, SHARE);
  const y = quantity('accuracy', null, ALL, SHARE);
  return draw(
    {
      ...SIZE,
      layer: [
        {
          data: { values: [{ from: 0, to: 1 }] },
          mark: { type: 'rule', strokeDash: [3, 3], color: COLOURS.soft },
          encoding: {
            x: { ...x, field: 'from' },
            y: { ...y, field: 'from' },
            x2: { field: 'to' },
            y2: { field: 'to' },
          },
        },
        {
          data: { values },
          encoding: { x },
          layer: [
            {
              mark: { type: 'rule', color: COLOURS.student, strokeWidth: 1.5, opacity: 0.4 },
              encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } },
            },
            {
              mark: { type: 'point' },
              encoding: { y, size: { field: 'size', type: 'quantitative', scale: null } },
            },
          ],
        },
      ],
    },
    'How often answers of each confidence are right',
  );
}
