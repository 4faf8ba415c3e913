import { existsSync } from 'node:fs';
import { addonIn, tfjsNodeFolder } from './compile-addon.ts';

// Imported for its effect, before tfjs-node, whose own message for this tells people to run a step that fails for us.
if (!existsSync(addonIn(tfjsNodeFolder()))) {
  throw new Error('TensorFlow is not set up; run: npm run setup');
}
