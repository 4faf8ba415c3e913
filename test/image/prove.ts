import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_ML_FOLDER, type MlFolder } from '#core/ml-folder.ts';
import { type Device, routeFor } from '#engine/tensorflow/platform.ts';
import { buildImage, type Image } from './build-image.ts';
import { layOutTinyJob } from './lay-out-tiny-job.ts';
import { follow, type Said, startInRoot } from './run-in-root.ts';

// `npm run prove:image -- cpu|gpu`: executes the Dockerfile's steps in roots made with debootstrap, and starts what
// comes out of it as SageMaker would, without a network. Needs Linux on x64, root's rights, debootstrap, 20 GB.
// --work FOLDER keeps the roots, and takes the base from there the next time.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { work: { type: 'string' } },
});
const [device] = positionals;
if (device !== 'cpu' && device !== 'gpu') throw new Error('npm run prove:image -- cpu|gpu');

const say = (text: string): void => {
  process.stdout.write(text);
};
const work = values.work ?? mkdtempSync(join(tmpdir(), 'understudy-image-'));
mkdirSync(work, { recursive: true });
try {
  const [builder, image] = await buildImage(work, { DEVICE: device }, say);
  assert(builder && image);
  showSizes(image);
  await proveNothingToBuildWith(image);
  await proveLibraries(image, device);
  if (device === 'cpu') await proveTraining(image, 'ml.m5.xlarge');
  else {
    await proveCuda(builder, image);
    await proveRefusal(image);
    await proveTraining(image, 'ml.m5.xlarge'); // somebody asked for CPU instances
  }
  await proveEndOnRequest(image);
  say(`PROVEN: ${device}\n`);
} finally {
  if (!values.work) rmSync(work, { recursive: true });
}

function title(text: string): void {
  say(`\n== ${text}\n`);
}

function showSizes({ root }: Image): void {
  title('sizes in MB: the whole, and what is largest in it');
  for (const place of ['', 'opt/understudy/tensorflow', 'opt/understudy/app/node_modules']) {
    say(execFileSync('du', ['-sm', join(root, place)], { encoding: 'utf8' }));
  }
}

async function proveNothingToBuildWith(image: Image): Promise<void> {
  title('neither a compiler nor Python is left');
  const script = 'for name in g++ gcc cc make pip pip3 python3; do command -v $name; done; true';
  const { output } = await inImage(image, ['/bin/sh', '-c', script]);
  assert.equal(output, '');
}

/** Looks for what the libraries are linked to, and asks TensorFlow for its version. */
async function proveLibraries(image: Image, variant: Device): Promise<void> {
  title('all libraries find what they are linked to');
  const route = routeFor({ platform: 'linux', arch: 'x64', glibc: true, device: variant });
  assert(route.kind === 'wheel');
  const list = `find /opt/understudy/tensorflow -name '*.so*' -type f -o -name '*.node' -type f`;
  const silent = () => undefined;
  const { output } = await inImage(image, ['/bin/sh', '-c', `${list} | xargs ldd`], silent);
  const missing = [...new Set(output.match(/^.*not found$/gm)?.map((line) => line.trim()))];
  const files = output.match(/^\/\S+:$/gm) ?? [];
  say(`${files.length} libraries; not found: ${missing.join(', ') || 'none'}\n`);
  assert.deepEqual(missing, []);
  const { libraries, cudaWheels } = route.tensorflow;
  const cuda = cudaWheels.flatMap((each) => each.files).filter((file) => file.includes('.so'));
  assert.equal(files.length, libraries.length + cuda.length + 2); // and two addons

  const ask = `import('./engine/tensorflow/load.ts').then(async ({ tf }) => {
    await tf.ready();
    const { binding, isUsingGpuDevice } = tf.backend();
    console.log('TF_Version', binding.TF_Version, 'GPU', isUsingGpuDevice);
  })`;
  const { output: answer } = await inImage(image, ['node', '--import', 'tsx', '--eval', ask]);
  assert.match(answer, /^TF_Version 2\.21\.0 GPU false$/m);
}

/** The image has no compiler: what asks is compiled where its addon was. */
async function proveCuda(builder: Image, image: Image): Promise<void> {
  title('TensorFlow opens the libraries of CUDA');
  const source = fileURLToPath(new URL('./open_cuda.cc', import.meta.url));
  cpSync(source, join(builder.root, 'tmp', 'open_cuda.cc'));
  await inImage(builder, ['g++', '/tmp/open_cuda.cc', '-ldl', '-o', '/tmp/open_cuda']);
  cpSync(join(builder.root, 'tmp', 'open_cuda'), join(image.root, 'tmp', 'open_cuda'));
  const script =
    '/tmp/open_cuda node_modules/@tensorflow/tfjs-node/deps/lib/libtensorflow_framework.so.2';
  const { exit } = await inImage(image, ['/bin/sh', '-c', script]);
  assert.equal(exit, 0);
  rmSync(join(image.root, 'tmp', 'open_cuda'));
}

async function proveTraining(image: Image, instanceType: string): Promise<void> {
  title(`a training on ${instanceType}`);
  const { said, folders } = await trainIn(image, instanceType);
  const written = readdirSync(folders.model, { recursive: true });
  say(`exit ${said.exit}; model/: ${written.join(' ')}\n`);
  assert.equal(said.exit, 0);
  const card = JSON.parse(readFileSync(join(folders.model, 'student.json'), 'utf8'));
  say(`student.json: environment ${JSON.stringify(card.environment)}\n`);
  rmSync(folders.root, { recursive: true });
}

async function proveRefusal(image: Image): Promise<void> {
  title('a training on ml.g4dn.xlarge, which shows no GPU here');
  const { said, folders } = await trainIn(image, 'ml.g4dn.xlarge');
  const failure = readFileSync(folders.failure, 'utf8');
  say(`exit ${said.exit}; output/failure: ${failure}\n`);
  assert.equal(said.exit, 1);
  assert.match(failure, /^NO_GPU: /);
  assert.doesNotMatch(said.output, /step=/); // nothing was read
  assert.deepEqual(readdirSync(folders.model), []);
  rmSync(folders.root, { recursive: true });
}

async function proveEndOnRequest(image: Image): Promise<void> {
  title('SIGTERM reaches the trainer');
  const { said, folders } = await trainIn(image, 'ml.m5.xlarge', /step=decode/);
  say(`exit ${said.exit}\n`);
  assert.equal(said.exit, 143);
  assert.equal(existsSync(join(folders.model, 'student.json')), false);
  rmSync(folders.root, { recursive: true });
}

/** @param endAt when it says this, it gets a SIGTERM */
async function trainIn(
  image: Image,
  instanceType: string,
  endAt?: RegExp,
): Promise<{ said: Said; folders: MlFolder }> {
  const folders = await layOutTinyJob(mkdtempSync(join(work, 'ml-')), instanceType);
  const child = startInRoot(image.root, [...image.entrypoint, 'train'], {
    environment: { ...image.environment, TRAINING_JOB_NAME: 'proof' },
    folder: image.folder,
    network: false,
    mounts: { [DEFAULT_ML_FOLDER]: folders.root },
  });
  let heard = '';
  const said = await follow(child, (text) => {
    say(text);
    const before = endAt?.test(heard);
    heard += text;
    if (endAt?.test(heard) && !before) process.kill(firstIn(child.pid as number), 'SIGTERM');
  });
  return { said, folders };
}

/** The process that is number 1 inside: the only child of the one that made the root's namespaces. */
function firstIn(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

function inImage(image: Image, command: readonly string[], show = say): Promise<Said> {
  return follow(startInRoot(image.root, command, { ...image, network: false }), show);
}
