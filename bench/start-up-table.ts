import { describeCircumstances } from './machine.ts';
import { median } from './median.ts';
import type { BenchRecord } from './record.ts';
import type { StartUp } from './start-up.ts';
import { table, verdict } from './table.ts';

/** What it costs to start the commands. */
export function startUpTable(recorded: NonNullable<BenchRecord['startUp']>): string {
  const rows = recorded.result.map(({ command, unit, most, now, before }) => [
    `\`understudy ${command}\``,
    unit,
    before ? measured(before, unit) : '',
    measured(now, unit),
    `≤ ${most}`,
    verdict(typical(now, unit) <= most),
  ]);
  return [
    '## How long the commands take to start\n',
    'By `npx tsx bench/start-up.ts`; `-- --before=FOLDER` measures an earlier checkout in turns with this one. The CPU-seconds',
    'include the processes that a command starts; the first start after a change, which makes the bundle, is not counted.',
    'Of processor times the median counts; of times by the clock the fastest, which other processes can only lengthen.\n',
    table(['', '', 'before', 'now', 'wanted', ''], rows),
    `${describeCircumstances(recorded)} Node ${recorded.node}; rounds: ${recorded.result[0]?.now.length}.\n`,
  ].join('\n');
}

/** The median of processor times; the least of times by the clock, which other processes can only lengthen. */
const typical = (values: readonly number[], unit: StartUp['unit']): number =>
  unit === 'CPU-seconds' ? median(values) : Math.min(...values);

/** What counts, with the lowest and the highest. */
function measured(values: readonly number[], unit: StartUp['unit']): string {
  const digits = unit === 'CPU-seconds' ? 2 : 0;
  const [low, counted, high] = [Math.min(...values), typical(values, unit), Math.max(...values)];
  return `${counted.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
