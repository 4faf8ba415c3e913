import { distance, killedOver, smallFineTuning, undisturbed } from './kills.ts';

// `npm run torture`: a fine-tuning that is interrupted a hundred times gives the same result as an undisturbed one.
const KILLS = 100;
const seed = Number(process.argv[2] ?? Date.now() % 1e6);
for (const [recipe, retrained] of [
  [{ augmentation: 'none' }, 1],
  [{ augmentation: 'auto' }, 1],
  [{ augmentation: 'auto' }, 2],
] as const) {
  const [one, other] = [
    await smallFineTuning(recipe, retrained),
    await smallFineTuning(recipe, retrained),
  ];
  const { outcome, checks } = await undisturbed(one.tuning);
  const off = distance(outcome, await killedOver(other.tuning, KILLS, checks, seed));
  await Promise.all([one.remove(), other.remove()]);
  console.log(
    `${KILLS} kills, seed ${seed}, ${JSON.stringify(recipe)}, ${retrained} blocks: off by ${off}`,
  );
  if (!(off <= 1e-6)) process.exitCode = 1;
}
