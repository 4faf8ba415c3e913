import { resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { givenState, useState } from '#cli/state-option.ts';

afterEach(() => {
  useState(undefined);
  vi.unstubAllEnvs();
});

describe('useState', () => {
  it.each(['package.json', ''])('refuses "%s", which is no folder', (folder) => {
    vi.stubEnv('UNDERSTUDY_STATE', 'before');

    expect(() => useState(folder)).toThrow(`--state needs a folder, not "${folder}".`);
    expect(process.env.UNDERSTUDY_STATE).toBe('before');
  });

  it('takes a folder that there is, or will be, and remembers how it was typed', () => {
    vi.stubEnv('UNDERSTUDY_STATE', 'before');
    useState('not/there/yet');

    expect(process.env.UNDERSTUDY_STATE).toBe(resolve('not/there/yet'));
    expect(givenState()).toBe('not/there/yet');
  });
});
