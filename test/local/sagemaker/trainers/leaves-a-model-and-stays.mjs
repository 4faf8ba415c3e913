// Writes a part of its model and a checkpoint, and does not end when it is asked to.
import { writeFileSync } from 'node:fs';

writeFileSync(`${process.env.ML_FOLDER}/model/half`, 'half');
writeFileSync(`${process.env.ML_FOLDER}/checkpoints/mine`, 'mine');
process.on('SIGTERM', () => {});
setInterval(() => {}, 1000);
console.log(`up ${process.pid}`);
