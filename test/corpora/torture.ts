import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Part of `npm run torture`: 20,000 archives, images, lists and recipes, each changed at random from a valid one, are
// judged and decoded as the validation and the trainer do it. None may crash or hang, or be refused without a reason.
// `npx tsx test/corpora/torture.ts 4711 4712` repeats one by its number.
const MUTANTS = 20_000;
const BATCH = 1_000; // of a process: its memory is that of a Lambda that is used again
const HANGS_MS = 60_000; // of real time; a busy machine takes several times the processor time
const SLOW_SECONDS = 10;
const MAX_BYTES = 300e6;

interface Answered {
  number: number;
  answer: string;
  seconds: number;
  rss: number;
}

const [first = 0, last = MUTANTS] = process.argv.slice(2).map(Number);
const totals = new Map<string, number>();
const faults: string[] = [];
let slowest: Answered | undefined;
let peak = 0;
let accepted = 0;

/** Answers mutants until the end, or until the process dies or hangs. @returns the number to go on with */
function answerFrom(from: number, to: number): Promise<number> {
  const child = fork(
    fileURLToPath(new URL('answer-mutants.ts', import.meta.url)),
    [`${from}`, `${to}`],
    {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    },
  );
  let next = from;
  let isHanging = false;
  const hang = () => {
    isHanging = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(hang, HANGS_MS);
  child.on('message', (message) => {
    clearTimeout(timer);
    timer = setTimeout(hang, HANGS_MS);
    const answered = message as Answered;
    next = answered.number + 1;
    count(answered);
  });
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (next >= to) return resolve(to);
      faults.push(`${next}: ${isHanging ? 'hangs' : `crashes (${signal ?? code})`}`);
      resolve(next + 1);
    });
  });
}

function count(answered: Answered): void {
  const { number, answer, seconds, rss } = answered;
  peak = Math.max(peak, rss);
  if (!slowest || seconds > slowest.seconds) slowest = answered;
  if (seconds > SLOW_SECONDS) faults.push(`${number}: takes ${seconds.toFixed(1)} s`);
  if (answer.startsWith('threw')) faults.push(`${number}: ${answer}`);
  else if (answer === 'accepted') accepted += 1;
  for (const code of answer === 'accepted'
    ? []
    : answer.startsWith('threw')
      ? ['threw']
      : answer.split(/ (?=[A-Z])/))
    totals.set(code, (totals.get(code) ?? 0) + 1);
}

for (let from = first; from < last; ) {
  const to = Math.min(last, from + BATCH - (from % BATCH));
  while (from < to) from = await answerFrom(from, to);
  console.log(`${from - first} mutants, ${faults.length} faults`);
}
const mutants = last - first;
console.log(
  `${mutants} mutants: ${accepted} accepted, ${mutants - accepted} refused or faulty, by code:`,
);
for (const [code, n] of [...totals].sort(([, a], [, b]) => b - a)) console.log(`  ${code}: ${n}`);
console.log(
  `longest ${slowest?.seconds.toFixed(2)} s (mutant ${slowest?.number}), peak memory ${Math.round(peak / 1e6)} MB, faults ${faults.length}`,
);
for (const fault of faults.slice(0, 20)) console.log(fault);
if (faults.length > 0 || peak > MAX_BYTES) process.exitCode = 1;
