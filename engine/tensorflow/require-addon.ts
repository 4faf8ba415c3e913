import { existsSync } from 'node:fs';
import { prepareForTensorflow } from './before-tensorflow.ts';
import { addonIn, tfjsNodeFolder } from './compile-addon.ts';

// Imported for its effect, before tfjs-node.
const addon = addonIn(tfjsNodeFolder());
if (!existsSync(addon)) {
  // tfjs-node's own message for this tells people to run a step that fails for us.
  throw new Error('TensorFlow is not set up; run: npm run setup');
}
prepareForTensorflow(addon);
