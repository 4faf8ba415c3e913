import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatCard, parseCard, type StudentCard } from '#core/card.ts';

/** As the first version wrote it, for blocks:2 on handwritten digits. */
const OLD = readFileSync('test/fixtures/cards/schema-1.json', 'utf8');
const old = JSON.parse(OLD);

function cardOf(text: string): StudentCard {
  const read = parseCard(text);
  if ('problem' in read) throw new Error(read.problem);
  return read.card;
}

describe('parseCard', () => {
  it('reads a card of schema 1, under the names of schema 2', () => {
    const card = cardOf(OLD);

    expect(card.schema).toBe(2);
    expect(card.freezePlan.requested).toBe(old.freezePlan.asked);
    expect(card.data.contentSha256).toBe(old.data.readSha256);
    expect(card.data.warnings).toEqual(old.data.notices);
    expect(card.metrics.test).toEqual({ ...old.measures.test, method: 'hold-out' });
    expect(card.metrics.majorityBaseline).toBe(old.measures.chance);
    expect(card.metrics.validation.crossEntropy).toBe(old.measures.validation.lossNats);
    expect(card.metrics.validation.headOnly.crossEntropy).toBe(
      old.measures.validation.headOnly.lossNats,
    );
    expect(card.metrics.calibration.after.nll).toBe(old.measures.calibration.after.nllNats);
    expect(card.head.trainCrossEntropy).toBe(old.head.trainLossNats);
    expect(card.fineTuning).toMatchObject({ stopped: 'early-stopping', batchSize: 16 });
    expect(card.timings).toEqual(old.seconds);
    expect(card.environment).toEqual(old.made);
  });

  it('reads what formatCard writes', () => {
    const card = cardOf(OLD);

    expect(cardOf(formatCard(card))).toEqual(card);
  });

  it.each([
    ['half a card', OLD.slice(0, 1000), 'invalid'],
    ['another document', '{"schema": 2}', 'invalid'],
    ['nothing', '', 'invalid'],
    ['a card of a later version', '{"schema": 3, "student": "pets"}', 'newer'],
  ])('tells why it cannot read %s', (_, text, problem) => {
    expect(parseCard(text)).toEqual({ problem });
  });
});

describe('formatCard', () => {
  it('writes each row of the confusion matrix on one line, and changes no text', () => {
    const card = cardOf(OLD);
    const why = 'a text with [\n  1,\n  2\n] in it';

    const text = formatCard({ ...card, freezePlan: { ...card.freezePlan, why } });

    const row = `[${card.metrics.confusion[0]?.join(',')}]`;
    expect(text.split('\n').map((line) => line.trim())).toContain(`${row},`);
    expect(cardOf(text).freezePlan.why).toBe(why);
  });

  it('takes 2 MB for 1,000 classes', () => {
    const card = cardOf(OLD);
    const row = new Array<number>(1_000).fill(0);
    const confusion = new Array<number[]>(1_000).fill(row);

    const text = formatCard({ ...card, metrics: { ...card.metrics, confusion } });

    expect(text.length).toBeLessThan(2.2e6);
  });
});
