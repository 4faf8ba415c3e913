import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Line } from '../../../bench/calibration/cells.ts';
import { writeReport } from '../../../bench/calibration/report.ts';
import { syntheticCells } from './synthetic-cells.ts';

const NEVER = () => undefined;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function reportOf(lines: readonly Line[]): Promise<string> {
  await writeReport(lines, NEVER, pathToFileURL(`${folder}/`));
  return readFile(join(folder, 'REPORT.md'), 'utf8');
}

/** The cells of a table's row, by its first one. */
const row = (report: string, name: string): string[] =>
  (report.split('\n').find((line) => line.startsWith(`| ${name} `)) ?? '')
    .split('|')
    .map((cell) => cell.trim())
    .slice(1, -1);

describe('writeReport', () => {
  it('finds the thresholds of a world in which far datasets gain from 20 images per class on', async () => {
    const report = await reportOf(syntheticCells().filter(({ seed }) => seed === 1));

    expect(row(report, 'oracle').slice(1, 4)).toEqual(['48', '0.0', '0.0']);
    const [, situations, mean] = row(report, 'policy, fitted on the other sources');
    expect(situations).toBe('48');
    expect(Number(mean)).toBeLessThan(1);
    expect(Number(row(report, 'always head-only')[2])).toBeGreaterThan(5);
    expect(row(report, 'counting').slice(1, 3)).toEqual(['shapes', 'one to six discs: how many?']);
  });

  it('reports a run that has only begun', async () => {
    const report = await reportOf(syntheticCells().slice(0, 2));

    expect(report).toContain('2 students');
    expect(report).not.toContain('## Regret');
    expect(await readFile(join(folder, 'accuracy.svg'), 'utf8')).toContain('cifar-10');
  });

  it('fits no thresholds to a few sources', async () => {
    const cells = syntheticCells().filter(({ source }) => ['cifar', 'fonts'].includes(source));
    const report = await reportOf(cells);

    expect(report).toContain('From 2 of the 11 sources: too few to fit thresholds');
    expect(report).not.toContain('fitted on the other sources');
  });

  it('counts the trainings that failed', async () => {
    const [first] = syntheticCells();
    if (!first) throw new Error('no cells');
    const { dataset, source, perClass, regime, seed, px } = first;
    const failed = { dataset, source, perClass, regime, seed: seed + 1, px, error: 'no' };

    expect(await reportOf([first, failed])).toContain('trainings that failed: 1');
  });
});
