import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliError } from '#cli/cli-error.ts';
import { explainDiskError, explainErrorOf } from '#cli/explain-disk-error.ts';
import { stateFolder } from '#local/find-state-folder.ts';

const failing = (code: string, path?: string) =>
  Object.assign(new Error('write'), { code, ...(path !== undefined && { path }) });

describe('explainDiskError', () => {
  it('passes on what the local pipeline says', () => {
    const told = Object.assign(new Error('The disk is full: /s has 1 MB free. Free some space.'), {
      $metadata: { httpStatusCode: 507 },
    });

    expect(explainDiskError(told)).toMatchObject({
      exit: 5,
      message: `${told.message} Then run this command again.`,
    });
  });

  it('names the state folder for what lies in it', () => {
    const explained = explainDiskError(failing('ENOSPC', join(stateFolder(), 's3', 'x')));

    expect(explained).toMatchObject({ name: 'CliError', exit: 5 });
    expect(String(explained)).toMatch(/The disk is full: .*\.understudy has .* MB free\. .*prune/);
  });

  it('names another folder where the error does', () => {
    expect(explainDiskError(failing('EACCES', '/elsewhere/x'))).toMatchObject({
      exit: 5,
      message:
        '/elsewhere cannot be used: permission denied. Give yourself access to it, or name another folder.',
    });
    expect(explainErrorOf('/mine', failing('EROFS'))).toMatchObject({
      message: '/mine is on a read-only file system. Make it writable, or name another folder.',
    });
  });

  it('leaves all other errors as they are', () => {
    const fault = new TypeError('x is not a function');
    const known = new CliError(2, 'no');

    expect(explainDiskError(fault)).toBe(fault);
    expect(explainErrorOf('/mine', fault)).toBe(fault);
    expect(explainDiskError(known)).toBe(known);
  });
});
