import { readFileSync, writeFileSync } from 'node:fs';

const root = process.env.ML_FOLDER;
const { reason } = JSON.parse(readFileSync(`${root}/input/config/hyperparameters.json`, 'utf8'));
writeFileSync(`${root}/output/failure`, reason);
process.exit(3);
