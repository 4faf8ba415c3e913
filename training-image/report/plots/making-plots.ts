import type { StudentCard } from '#core/card.ts';
import { COLOURS, draw, quantity, SHARE, SIZE } from './draw.ts';

type Plan = NonNullable<StudentCard['plan']>;
type Curve = NonNullable<NonNullable<StudentCard['fineTuning']>['curve']>;

/**
 * How similar the images are to what each block knows.
 *
 * @param peak the block that suits them best, from 1
 */
export function similarityPlot({ perBlock, standardError }: Plan, peak: number): Promise<string> {
  const values = perBlock.map((kappa, i) => ({
    block: i + 1,
    kappa,
    low: Math.max(0, kappa - 1.96 * standardError),
    high: Math.min(1, kappa + 1.96 * standardError),
    isPeak: i + 1 === peak,
    label: kappa.toFixed(2),
  }));
  const x = {
    field: 'block',
    type: 'ordinal' as const,
    title: 'Block of the teacher, from the first to the last',
    axis: { labelAngle: 0 },
    scale: { paddingInner: 0.35, paddingOuter: 0.2 },
  };
  const y = quantity('kappa', null, { domain: [Math.min(0, ...perBlock), 1] }, { format: '.1f' });
  return draw(
    {
      ...SIZE,
      data: { values },
      encoding: { x },
      layer: [
        {
          mark: { type: 'bar', cornerRadiusEnd: 2 },
          encoding: {
            y,
            color: {
              condition: { test: 'datum.isPeak', value: COLOURS.student },
              value: COLOURS.line,
            },
          },
        },
        {
          mark: { type: 'text', dy: -7, color: COLOURS.soft },
          encoding: { y, text: { field: 'label' } },
        },
      ],
    },
    'Similarity to what the teacher knows, block by block',
  );
}

const ROOM = 70; // for the names of lines, which stand at their ends

const epochs = (n: number) =>
  quantity(
    'epoch',
    'Epoch',
    { domain: [1, Math.max(2, n)], nice: false },
    { format: 'd', tickMinStep: 1, tickCount: Math.min(8, n) },
  );

/**
 * Held-out accuracy by epoch.
 *
 * @param headOnly that of the head alone on the same images, if it is known
 */
export function accuracyCurvePlot(curve: Curve, headOnly: number | undefined): Promise<string> {
  const values = curve.flatMap(({ epoch, validation }) =>
    validation ? [{ epoch, accuracy: validation.accuracy }] : [],
  );
  const x = epochs(curve.length);
  const y = quantity('accuracy', null, { zero: false, nice: true }, SHARE);
  const head = {
    data: { values: [{ epoch: curve.length, accuracy: headOnly, label: 'head alone' }] },
    layer: [
      { mark: { type: 'rule' as const, strokeDash: [3, 3] }, encoding: { y } },
      {
        mark: { type: 'text' as const, align: 'left' as const, dx: 6, color: COLOURS.soft },
        encoding: { x, y, text: { field: 'label' } },
      },
    ],
  };
  return draw(
    {
      ...SIZE,
      width: SIZE.width - ROOM,
      layer: [
        ...(headOnly === undefined ? [] : [head]),
        { data: { values }, mark: { type: 'line' }, encoding: { x, y } },
        { data: { values }, mark: { type: 'point', size: 25 }, encoding: { x, y } },
      ],
    },
    'Held-out accuracy after each epoch',
  );
}

/** Cross-entropy by epoch, on the images that are learned from and on those held out. */
export function lossCurvePlot(curve: Curve): Promise<string> {
  const lines = [
    {
      label: 'learned from',
      colour: COLOURS.soft,
      values: curve.map(({ epoch, trainCrossEntropy }) => ({ epoch, loss: trainCrossEntropy })),
    },
    {
      label: 'held out',
      colour: COLOURS.student,
      values: curve.flatMap(({ epoch, validation }) =>
        validation ? [{ epoch, loss: validation.crossEntropy }] : [],
      ),
    },
  ].filter(({ values }) => values.length > 0);
  const x = epochs(curve.length);
  const y = quantity('loss', null, { zero: false, nice: true }, { format: '.2~f' });
  return draw(
    {
      ...SIZE,
      width: SIZE.width - ROOM,
      layer: lines.flatMap(({ label, colour, values }) => [
        { data: { values }, mark: { type: 'line', color: colour }, encoding: { x, y } },
        {
          data: { values: [{ ...values.at(-1), label }] },
          mark: { type: 'text', align: 'left', dx: 6, color: colour },
          encoding: { x, y, text: { field: 'label' } },
        },
      ]),
    },
    'Cross-entropy after each epoch',
  );
}
