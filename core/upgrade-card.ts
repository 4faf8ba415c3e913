/** What the fields of schema 1 are called in schema 2; the later cards of schema 1 use some of the new names. */
const RENAMED = new Map([
  ['asked', 'requested'],
  ['batch', 'batchSize'],
  ['chance', 'majorityBaseline'],
  ['lossNats', 'crossEntropy'],
  ['made', 'environment'],
  ['measures', 'metrics'],
  ['nllNats', 'nll'],
  ['notices', 'warnings'],
  ['readSha256', 'contentSha256'],
  ['seconds', 'timings'],
  ['trainLossNats', 'trainCrossEntropy'],
]);

/** Turns a card of schema 1 into one of schema 2, which is the same with other names. */
export const upgradeSchema1 = (card: unknown): unknown => ({
  ...Object(renamed(card)),
  schema: 2,
});

function renamed(value: unknown, field = ''): unknown {
  if (field === 'stopped' && value === 'no-progress') return 'early-stopping';
  if (Array.isArray(value)) return value.map((each) => renamed(each));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, each]) => [
    RENAMED.get(name) ?? name,
    renamed(each, name),
  ]);
  return Object.fromEntries(fields);
}
