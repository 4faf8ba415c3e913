import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stateFolder } from '#local/find-state-folder.ts';

let root: string;
let project: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'understudy-find-')));
  project = join(root, 'project');
  await mkdir(join(project, 'images', 'cats'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

describe('stateFolder', () => {
  it('is a new one in the working directory, if there is none', () => {
    expect(stateFolder({}, project)).toBe(join(project, '.understudy'));
  });

  it('is the nearest one of the working directory and its parents', async () => {
    await mkdir(join(project, '.understudy'));
    expect(stateFolder({}, join(project, 'images', 'cats'))).toBe(join(project, '.understudy'));

    await mkdir(join(project, 'images', '.understudy'));
    expect(stateFolder({}, join(project, 'images', 'cats'))).toBe(
      join(project, 'images', '.understudy'),
    );
  });

  it('is that of UNDERSTUDY_STATE before all others', async () => {
    await mkdir(join(project, '.understudy'));

    expect(stateFolder({ UNDERSTUDY_STATE: '../own' }, project)).toBe(join(root, 'own'));
    expect(stateFolder({ UNDERSTUDY_STATE: '/own' }, project)).toBe('/own');
    expect(stateFolder({ UNDERSTUDY_STATE: '' }, project)).toBe(join(project, '.understudy'));
  });
});
