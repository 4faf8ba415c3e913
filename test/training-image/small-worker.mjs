import { register } from 'tsx/esm/api';

register();
await import('./small-worker.ts');
