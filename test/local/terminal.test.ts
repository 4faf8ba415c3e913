import { describe, expect, it } from 'vitest';
import { isPrintable } from '#core/printable.ts';
import { terminal } from '#local/terminal.ts';

const HOSTILE = 'pets\u001b[2J\u001b[8m\nroot \u202eevil\u009b2J';
const OUR_COLOURS = ['1', '2', '22', '32', '33', '39'].map((code) => `\u001b[${code}m`);
const withoutOurColours = (line: string) =>
  OUR_COLOURS.reduce((text, colour) => text.replaceAll(colour, ''), line);

describe('terminal', () => {
  it('says why a job waits once, however often its launch is tried', () => {
    const lines: string[] = [];
    const shown = terminal((line) => lines.push(line));
    const enter = (state: string, reason = '') => {
      const progress = { M: { state: { S: state }, reason: { S: reason } } };
      const job = { M: { id: { S: 'a'.repeat(64) }, name: { S: 'pets' }, progress } };
      shown.row({ dynamodb: { NewImage: { job } } });
    };
    enter('launching');
    for (let i = 0; i < 3; i++) {
      enter('waiting', 'The disk is full.');
      enter('launching');
    }
    enter('training');

    expect(lines.map((line) => /launching|waiting|training/.exec(line)?.[0])).toEqual([
      ...['launching', 'waiting', 'training'],
    ]);
  });

  it('prints one line of plain text per event, whatever names and reasons contain', () => {
    const lines: string[] = [];
    const shown = terminal((line) => lines.push(line));
    const progress = { M: { state: { S: 'waiting' }, reason: { S: HOSTILE } } };
    const job = { M: { id: { S: 'a'.repeat(64) }, name: { S: HOSTILE }, progress } };
    shown.row({ dynamodb: { NewImage: { job } } });
    shown.trainingLine(`understudy-${HOSTILE}`, 'step=decode done=1 of=2');
    shown.announcement({
      id: 'x',
      kind: 'failed',
      at: '2026-11-24T12:00:00.000Z',
      jobId: 'a'.repeat(64),
      student: HOSTILE,
      sentence: HOSTILE,
    });

    expect(lines).toHaveLength(3);
    for (const line of lines) expect(isPrintable(withoutOurColours(line))).toBe(true);
  });
});
