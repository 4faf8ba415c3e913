import { topologyOf } from './networks.ts';
import { adamw, batch, begin, threeParts } from './trainings.ts';

// Assigns weights at every alignment to four bytes, and takes a step after each, while garbage is collected.
const step = begin(await topologyOf(threeParts()), adamw);
const { weights, optimizer } = step.read();
for (let round = 0; round < 3_000; round++) {
  const shifted = new Map(
    [...weights].map(([name, values]) => {
      const whole = new Float32Array(values.length + 16);
      const moved = whole.subarray(round % 16, (round % 16) + values.length);
      moved.set(values);
      return [name, moved];
    }),
  );
  step.assign({ weights: shifted, optimizer });
  step.step(batch(step), 1);
}
