import { describe, expect, it } from 'vitest';
import { parseProgressLine, progressLine } from '#core/progress-line.ts';

describe('a line of progress', () => {
  it('is read as it was written', () => {
    const progress = { step: 'fine-tune', done: 3, of: 10 };
    expect(parseProgressLine(`${progressLine(progress)}\n`)).toEqual(progress);
  });

  it('is not seen in other lines', () => {
    expect(parseProgressLine('train_loss=0.3')).toBeUndefined();
  });
});
