import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const EXAMPLES = 'examples/use-a-student';
const PROGRAMS = 'training-image/student/programs'; // part of every student's README

describe('the programs in examples/', () => {
  it('are those of a student’s README', () => {
    const files = readdirSync(PROGRAMS);

    expect(readdirSync(EXAMPLES)).toEqual(files);
    for (const file of files) {
      expect(readFileSync(`${EXAMPLES}/${file}`, 'utf8')).toBe(
        readFileSync(`${PROGRAMS}/${file}`, 'utf8'),
      );
    }
  });
});
