// A process that tries to hold folders at the same moments as others, for a test; prints those that it holds as JSON.
// Arguments: when to try for the first one (ms since 1970), then the folders, which follow 20 ms apart.
import { holdFolder } from '#local/sagemaker/hold-folder.ts';

const [first = '0', ...folders] = process.argv.slice(2);
const held: string[] = [];
for (const [i, folder] of folders.entries()) {
  const start = Number(first) + 20 * i;
  await new Promise((resolve) => setTimeout(resolve, start - Date.now() - 3));
  while (Date.now() < start); // a timer alone is too blunt for a race
  await holdFolder(folder).then(
    () => held.push(folder),
    () => undefined,
  );
}
console.log(JSON.stringify(held));
process.stdin.resume(); // holds them until the test has read all answers
