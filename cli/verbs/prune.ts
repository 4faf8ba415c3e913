import { Command } from 'commander';
import { count } from '#core/quantities.ts';
import { stateFolder } from '#local/find-state-folder.ts';
import type { Pipeline } from '../connect.ts';
import { findGarbage, type Garbage, KINDS } from '../find-garbage.ts';
import { sizeOf } from '../folder-size.ts';
import { table } from '../layout.ts';
import { megabytes, out, outJson, warn } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { hasState } from '../state-option.ts';
import { withPipeline } from '../with-pipeline.ts';

interface PruneOptions extends Target {
  all?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export const prune = (): Command =>
  new Command('prune')
    .addOption(stackOption())
    .option(
      '--all',
      'also of jobs that failed less than a week ago; a retry of them trains from the beginning',
    )
    .option('--dry-run', 'only say what would be freed')
    .option('--json', 'print what was freed as JSON')
    .action(async ({ all = false, dryRun = false, json, ...target }: PruneOptions) => {
      const isLocal = target.stack === undefined && hasState(target);
      const before = isLocal ? await sizeOf(stateFolder()) : undefined; // a pipeline that starts deletes what crashes have left
      const find = async (pipeline: Pipeline) => {
        const found = await findGarbage(pipeline, { all, isLocal, now: new Date() });
        for (const { remove } of dryRun ? [] : found) await remove();
        return found;
      };
      const garbage = hasState(target) ? await withPipeline('storage', target, find) : [];
      const after = isLocal ? await sizeOf(stateFolder()) : undefined;
      const kinds = totals(garbage);
      const losses = garbage.flatMap(({ loss }) => loss ?? []);
      if (json) {
        const folder = before && after && { before: before.bytes, after: after.bytes };
        return outJson({ dryRun, kinds, losses, ...(folder && { folder }) });
      }
      const bytes = kinds.reduce((sum, each) => sum + each.bytes, 0);
      if (bytes > 0) {
        const rows = kinds.filter((each) => each.files > 0);
        out(
          table([
            ['KIND', 'FILES', 'SIZE'],
            ...rows.map((each) => [each.kind, count(each.files), megabytes(each.bytes)]),
          ]),
        );
      }
      for (const loss of losses) warn(loss);
      const folder =
        before && after && !dryRun
          ? ` ${stateFolder()} takes ${megabytes(after.bytes)} now, ${megabytes(before.bytes)} before.`
          : '';
      const freed =
        bytes === 0
          ? 'Nothing to free.'
          : dryRun
            ? `Would free ${megabytes(bytes)}.`
            : `Freed ${megabytes(bytes)}.`;
      out(`${freed}${folder}`);
    });

/** The garbage of each kind. */
const totals = (garbage: readonly Garbage[]) =>
  KINDS.map((kind) => {
    const ofKind = garbage.filter((each) => each.kind === kind);
    const sum = (of: 'files' | 'bytes') => ofKind.reduce((total, each) => total + each[of], 0);
    return { kind, files: sum('files'), bytes: sum('bytes') };
  });
