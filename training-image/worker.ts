import { TEACHERS } from '#teachers/catalogue.ts';
import { work } from './work.ts';

await work(TEACHERS);
