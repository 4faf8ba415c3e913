import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEVICE } from '#engine/tensorflow/platform.ts';
import { OWN_TEACHERS } from '#training-image/features/load-teacher.ts';
import { PACKAGES } from '#training-image/image/packages.ts';
import { isIgnored } from './build-context.ts';
import { readDockerfile, type Step } from './read-dockerfile.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const [build, image, ...others] = readDockerfile(read('training-image/Dockerfile'));
const steps = <K extends Step['kind']>(kind: K, stage = image) =>
  (stage?.steps ?? []).filter((step): step is Extract<Step, { kind: K }> => step.kind === kind);

describe('the Dockerfile', () => {
  it('has one stage to build in and one to ship, on the same pinned Node of the Lambdas’ line', () => {
    expect(others).toEqual([]);
    expect(image?.base).toBe(build?.base);
    expect(image?.base).toMatch(/^node:22\.\d+\.\d+-bookworm-slim$/);
  });

  it('runs no package manager in what it ships', () => {
    const programs = steps('RUN').flatMap(({ script }) =>
      script.split(/\s*(?:&&|;|\|)\s*/).map((command) => command.split(' ')[0]),
    );

    expect(programs).toEqual(['find', 'ldconfig']);
  });

  it('sets TensorFlow up by our own set-up, whose pins are the only ones', () => {
    const scripts = steps('RUN', build).map(({ script }) => script);

    expect(scripts.filter((script) => script.includes('engine/tensorflow/setup.ts'))).toHaveLength(
      1,
    );
    expect(scripts.join()).not.toMatch(/pip3? (install|download)|sha256|==/);
  });

  it('is for GPUs unless the CPU is asked for, and says so to the set-up and to the trainer', () => {
    expect([...steps('ARG', build), ...steps('ARG')]).toEqual(
      Array(2).fill({ kind: 'ARG', name: 'DEVICE', value: 'gpu' }),
    );
    expect(
      steps('RUN', build)
        .map(({ script }) => script)
        .join(),
    ).toContain(`${DEVICE}=$DEVICE`);
    const variables = Object.fromEntries(steps('ENV').flatMap((step) => step.variables));
    expect(variables).toMatchObject({ [DEVICE]: '$DEVICE', [OWN_TEACHERS]: expect.any(String) });
  });

  it('computes in full float32 on GPUs, too', () => {
    const variables = Object.fromEntries(steps('ENV').flatMap((step) => step.variables));

    expect(variables).toMatchObject({ NVIDIA_TF32_OVERRIDE: '0' });
  });

  it('imports the teachers to where the trainer looks for it', () => {
    const variables = Object.fromEntries(steps('ENV').flatMap((step) => step.variables));
    const [script] = steps('RUN', build).filter((step) => step.script.includes('provide-teachers'));

    expect(script?.script.split(' ').at(-1)).toBe(variables[OWN_TEACHERS]);
    expect(steps('COPY').map(({ target }) => target)).toContain(variables[OWN_TEACHERS]);
  });

  it('copies only what exists and what the build sees', () => {
    const copied = [...steps('COPY', build), ...steps('COPY')].filter(({ from }) => !from);
    const sources = copied.flatMap((step) => step.sources);

    expect(sources).not.toEqual([]);
    expect(sources.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
    expect(sources.filter((path) => isIgnored(join(PROJECT, path)))).toEqual([]);
  });

  it('starts a program that can be executed', () => {
    const [entrypoint] = steps('ENTRYPOINT');
    const program = steps('COPY').find(({ target }) => target === '/usr/local/bin/train');

    expect(entrypoint?.command).toEqual(['train']);
    accessSync(join(PROJECT, program?.sources[0] ?? ''), constants.X_OK);
  });
});

describe('what the build sees', () => {
  it('is what the Dockerfile copies, and nothing else, as in infra/trainer.ts', () => {
    const copied = [...steps('COPY', build), ...steps('COPY')]
      .filter(({ from }) => !from)
      .flatMap(({ sources }) => sources.map((path) => path.split('/')[0]));
    const seen = readdirSync(PROJECT).filter((name) => !isIgnored(join(PROJECT, name)));

    expect(seen.sort()).toEqual([...new Set(copied)].sort());
  });

  it.each(['README.md', 'test/imports.test.ts', '.git/config', 'infra/app.ts', 'node_modules/zod'])(
    'has no %s: it can change without another image',
    (path) => {
      expect(isIgnored(join(PROJECT, path))).toBe(true);
    },
  );
});

describe('the packages of the image', () => {
  const folders = ['core', 'engine', 'teachers', 'training-image'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file) && !file.endsWith('.d.ts'))
      .map((file) => join(folder, file)),
  );
  const specifiers = files.flatMap((file) =>
    [...read(file).matchAll(/(?:from|import|import\(|require\(|resolve\()\s*'([^'.#][^']*)'/g)].map(
      ([, specifier = '']) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '',
    ),
  );
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: object };

  it('are all that its sources name, and no more', () => {
    const named = new Set(specifiers.filter((specifier) => Object.hasOwn(dependencies, specifier)));

    expect([...named].sort()).toEqual([...PACKAGES].sort());
  });
});

describe('the set-up of TensorFlow', () => {
  it('imports nothing from other folders: the image runs it before they are copied', () => {
    const folder = 'engine/tensorflow';
    const sources = readdirSync(join(PROJECT, folder)).filter((file) => file.endsWith('.ts'));
    const imports = sources.flatMap((file) =>
      [...read(join(folder, file)).matchAll(/from '((#|\.\.)[^']*)'/g)].map(([, path]) => path),
    );

    expect(imports).toEqual([]);
  });
});

describe('readDockerfile', () => {
  it('joins continued lines, and passes comments over inside of them, too', () => {
    const [stage] = readDockerfile(
      'FROM a AS b\n# one\nRUN x \\\n  # two\n  && y\nENV A=1 \\\n  B=$C\n',
    );

    expect(stage).toMatchObject({ base: 'a', name: 'b' });
    expect(stage?.steps[0]).toMatchObject({
      kind: 'RUN',
      script: expect.stringMatching(/^x\s+&& y$/),
    });
    expect(stage?.steps[1]).toEqual({
      kind: 'ENV',
      variables: [
        ['A', '1'],
        ['B', '$C'],
      ],
    });
  });

  it.each([
    'USER node',
    'COPY --chown=1 a b',
    'RUN --mount=type=cache x',
    'ENV A b',
    'ADD a b',
    'COPY *.ts a',
  ])('does not pass %s over', (line) => {
    expect(() => readDockerfile(`FROM a\n${line}`)).toThrow(line);
  });
});
