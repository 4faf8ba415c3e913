import type { Option } from 'commander';
import { DEFAULT_STACK } from '#infra/settings.ts';
import { stackOption } from './stack-option.ts';

/** The option of the commands that deploy a pipeline, show it or delete it. */
export function deployedStackOption(): Option {
  const option = stackOption().default(DEFAULT_STACK);
  option.description = 'name of the stack';
  return option;
}
