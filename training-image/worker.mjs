// A worker thread does not inherit the TypeScript loader.
import { register } from 'tsx/esm/api';

register();
const { TEACHERS } = await import('#teachers/catalogue.ts');
const { runWorker } = await import('./worker.ts');
await runWorker(TEACHERS);
