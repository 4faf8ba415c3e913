import type { Command } from 'commander';

export interface Verb {
  name: string;
  description: string;
  /** Its arguments, options and work; imported only when it is asked for. */
  load(): Promise<() => Command>;
}

/** The commands, in the order of `understudy --help`. */
export const VERBS: readonly Verb[] = [
  {
    name: 'demo',
    description: 'trains a student on a small sample dataset',
    load: async () => (await import('./verbs/demo.ts')).demo,
  },
  {
    name: 'init',
    description: 'writes an example dataset, and a recipe with comments',
    load: async () => (await import('./verbs/init.ts')).init,
  },
  {
    name: 'up',
    description: 'runs the pipeline on this machine until Ctrl-C',
    load: async () => (await import('./verbs/up.ts')).up,
  },
  {
    name: 'down',
    description: 'stops the pipeline that runs on this machine',
    load: async () => (await import('./verbs/down.ts')).down,
  },
  {
    name: 'train',
    description: 'uploads a dataset, follows its job, prints the report',
    load: async () => (await import('./verbs/train.ts')).train,
  },
  {
    name: 'validate',
    description: 'says what a dataset is taken for, and what is wrong with it; trains nothing',
    load: async () => (await import('./verbs/validate.ts')).validate,
  },
  {
    name: 'status',
    description: 'lists all jobs, or shows one with its history',
    load: async () => (await import('./verbs/status.ts')).status,
  },
  {
    name: 'list',
    description: 'lists the published students',
    load: async () => (await import('./verbs/list.ts')).list,
  },
  {
    name: 'report',
    description: 'says how good a student is, and shows its report',
    load: async () => (await import('./verbs/report.ts')).report,
  },
  {
    name: 'predict',
    description: 'classifies images',
    load: async () => (await import('./verbs/predict.ts')).predict,
  },
  {
    name: 'download',
    description: "downloads a student's files",
    load: async () => (await import('./verbs/download.ts')).download,
  },
  {
    name: 'retry',
    description: 'retries a failed or cancelled job and follows it',
    load: async () => (await import('./verbs/retry.ts')).retry,
  },
  {
    name: 'cancel',
    description: 'cancels a job',
    load: async () => (await import('./verbs/cancel.ts')).cancel,
  },
  {
    name: 'rm',
    description: 'removes a student or a job, with its upload and all files',
    load: async () => (await import('./verbs/rm.ts')).rm,
  },
  {
    name: 'prune',
    description: 'frees the space of what is no longer needed',
    load: async () => (await import('./verbs/prune.ts')).prune,
  },
  {
    name: 'teachers',
    description: 'lists the teachers that a recipe can name',
    load: async () => (await import('./verbs/teachers.ts')).teachers,
  },
  {
    name: 'deploy',
    description: 'deploys the pipeline to AWS, or updates a deployed one',
    load: async () => (await import('./verbs/deploy.ts')).deploy,
  },
  {
    name: 'outputs',
    description: 'shows the bucket, the job table and the other resources of a deployed pipeline',
    load: async () => (await import('./verbs/outputs.ts')).outputs,
  },
  {
    name: 'destroy',
    description: 'deletes a deployed pipeline, and says what is kept',
    load: async () => (await import('./verbs/destroy.ts')).destroy,
  },
];
