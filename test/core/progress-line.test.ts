import { describe, expect, it } from 'vitest';
import { parseEpochLine, parseProgressLine, progressLine } from '#core/progress-line.ts';

describe('a line of progress', () => {
  it('is read as it was written', () => {
    const progress = { step: 'fine-tune', done: 3, of: 10 };
    expect(parseProgressLine(`${progressLine(progress)}\n`)).toEqual(progress);
  });

  it('is not seen in other lines', () => {
    expect(parseProgressLine('train_loss=0.3')).toBeUndefined();
  });
});

describe('parseEpochLine', () => {
  it('reads the number of an epoch, and the accuracy where one was measured', () => {
    const measured = 'epoch=4 train_loss=0.251 validation_accuracy=0.950000 validation_loss=0.2';

    expect(parseEpochLine(measured)).toEqual({ number: 4, validationAccuracy: 0.95 });
    expect(parseEpochLine('epoch=4 train_loss=0.251\n')).toEqual({ number: 4 });
    expect(parseEpochLine('epoch=four train_loss=0.251')).toBeUndefined();
    expect(parseEpochLine('step=fine-tune done=3 of=10')).toBeUndefined();
  });
});
