import { Option } from 'commander';

/** The pipeline that a command works on. */
export interface Target {
  stack?: string; // the name of a deployed stack; the local pipeline by default
}

/** The option of every command that works on a pipeline. */
export const stackOption = (): Option =>
  new Option(
    '--stack <name>',
    'use a pipeline deployed on AWS instead of the one on this machine',
  ).env('UNDERSTUDY_STACK');
