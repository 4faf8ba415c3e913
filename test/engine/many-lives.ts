import { topologyOf } from './networks.ts';
import { adamw, batch, begin, threeParts } from './trainings.ts';

// Assigns weights that begin at every multiple of four bytes, and steps on from there, while memory is collected.
const step = begin(await topologyOf(threeParts()), adamw);
const { weights, optimizer } = step.read();
for (let life = 0; life < 3_000; life++) {
  const lent = new Map(
    [...weights].map(([name, values]) => {
      const whole = new Float32Array(values.length + 16);
      const moved = whole.subarray(life % 16, (life % 16) + values.length);
      moved.set(values);
      return [name, moved];
    }),
  );
  step.assign({ weights: lent, optimizer });
  step.step(batch(step), 1, life);
}
