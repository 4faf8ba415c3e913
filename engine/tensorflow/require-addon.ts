import { existsSync } from 'node:fs';
import { addonIn, tfjsNodeFolder } from './compile-addon.ts';
import { prepareForTensorflow } from './prepare-tensorflow.ts';

// Imported for its effect, before tfjs-node.
const addon = addonIn(tfjsNodeFolder());
if (!existsSync(addon)) {
  // tfjs-node's own message suggests a step that fails here.
  throw new Error('TensorFlow is not set up; run: npm run setup');
}
prepareForTensorflow(addon);
