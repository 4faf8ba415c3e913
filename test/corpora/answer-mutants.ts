import { mutants } from './mutants.ts';

// A process of its own, that may crash or hang: it answers the mutants from one number up to another, and says of each
// what became of it before it begins the next.
const [from = 0, to = 0] = process.argv.slice(2).map(Number);
const answer = await mutants();
for (let number = from; number < to; number++) {
  const begun = performance.now();
  const result = await answer(number).catch((error: Error) => `threw ${error.stack ?? error}`);
  const seconds = (performance.now() - begun) / 1000;
  const rss = process.resourceUsage().maxRSS * 1024; // bytes; Node gives kB
  process.send?.({ number, answer: result, seconds, rss });
}
process.disconnect?.();
