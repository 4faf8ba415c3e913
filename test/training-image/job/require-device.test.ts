import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MlFolder } from '#core/ml-folder.ts';
import { parseFailure } from '#core/training-contract.ts';
import { DEVICE } from '#engine/tensorflow/platform.ts';
import { layOutJob } from '#examples/job-folder.ts';
import { type Devices, deviceLine, refusalOf } from '#training-image/job/require-device.ts';
import { tintedClasses } from '../images.ts';
import { smallTeacher } from '../small-teacher.ts';
import { startTrainer } from '../trainer-process.ts';

const LONG = 120_000; // ms

describe('where a GPU is paid for', () => {
  it.each<[Devices['image'], string | undefined, boolean, RegExp | undefined]>([
    ['gpu', 'ml.g4dn.xlarge', true, undefined],
    ['gpu', 'ml.g4dn.xlarge', false, /g4dn.* does not see it/],
    ['gpu', 'ml.g5.48xlarge', false, /does not see it/],
    ['gpu', 'ml.g6e.xlarge', false, /does not see it/],
    ['gpu', 'ml.gr6.4xlarge', false, /does not see it/],
    ['gpu', 'ml.p3.2xlarge', false, /does not see it/],
    ['gpu', 'ml.p4de.24xlarge', false, /does not see it/],
    ['cpu', 'ml.g4dn.xlarge', false, /built for CPUs/],
    ['gpu', 'ml.m5.xlarge', false, undefined], // somebody asked for CPU instances
    ['gpu', 'ml.c5n.xlarge', false, undefined],
    ['gpu', undefined, false, undefined], // started by hand, not by SageMaker
    ['cpu', 'ml.m5.xlarge', false, undefined],
    [undefined, 'ml.local.cpu', false, undefined], // the local pipeline
    [undefined, 'ml.g4dn.xlarge', false, undefined], // the local pipeline, whatever the recipe asks for
  ])('an image for %s on %s, GPU seen: %s', (image, instanceType, gpu, refusal) => {
    const found = refusalOf({ image, instanceType, gpu });

    if (refusal) expect(found).toMatch(refusal);
    else expect(found).toBeUndefined();
  });
});

describe('the line that names the device', () => {
  it.each<[Devices, RegExp]>([
    [{ image: 'gpu', instanceType: 'ml.g5.xlarge', gpu: true }, /^device: GPU$/],
    [{ image: 'cpu', instanceType: 'ml.m5.xlarge', gpu: false }, /^device: CPU, \d+ cores of [^(]/],
    [
      { image: 'gpu', instanceType: 'ml.m5.xlarge', gpu: false },
      /CPU.*a GPU image on ml\.m5\.xlarge without/,
    ],
    [{ image: undefined, instanceType: 'ml.local.cpu', gpu: false }, /^device: CPU, \d+ cores/],
  ])('for %j', (devices, line) => {
    expect(deviceLine(devices)).toMatch(line);
  });
});

describe('the trainer’s program, in an image for GPUs', () => {
  let root: string;
  let folders: MlFolder;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'understudy-device-'));
    const teacher = {
      folder: join(root, 'teacher'),
      entry: await smallTeacher(join(root, 'teacher')),
    };
    const files = await tintedClasses([10, 10]);
    folders = await layOutJob(join(root, 'job'), { form: 'zip', files, teacher });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const startOn = async (instanceType: string) => {
    await writeFile(
      folders.resourceConfig,
      JSON.stringify({ current_host: 'algo-1', current_instance_type: instanceType }),
    );
    return startTrainer(folders, { [DEVICE]: 'gpu', CUDA_VISIBLE_DEVICES: '' }).ended; // none, even where there is one
  };

  it('ends before it reads anything where the instance shows no GPU', {
    timeout: LONG,
  }, async () => {
    const { exit, failure, lines } = await startOn('ml.g4dn.xlarge');

    expect({ exit, lines }).toEqual({ exit: 1, lines: [] });
    const { code, what } = parseFailure(`AlgorithmError: ${failure}, exit code: 1`);
    expect({ code, what }).toEqual({
      code: 'NO_GPU',
      what: expect.stringContaining('ml.g4dn.xlarge'),
    });
    expect(await readdir(folders.model)).toEqual([]);
  });

  it('trains on an instance that has none', { timeout: LONG }, async () => {
    const { exit, lines } = await startOn('ml.m5.xlarge');

    expect(exit).toBe(0);
    expect(lines[0]).toMatch(/^device: CPU.*\(a GPU image on ml\.m5\.xlarge without a GPU\)$/);
  });
});
