// The process of the local pipeline, as the command starts it.
import { importProgram } from './import-program.mjs';

await importProgram('local/main.ts');
