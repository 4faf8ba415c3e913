import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BUCKET, type RunningS3, runningS3, someBytes, temporaryFolder } from './running-s3.ts';

const hasAws = spawnSync('aws', ['--version']).status === 0;

const aws = async ({ endpoint }: RunningS3, ...words: string[]): Promise<string> => {
  const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const env = {
    ...process.env,
    ...credentials,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpoint,
  };
  const { stdout } = await promisify(execFile)('aws', words, { env });
  return stdout;
};

describe('the AWS CLI', () => {
  it.skipIf(!hasAws)('copies 20 MB up in parts, on within the bucket, and down again', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const bytes = someBytes(20_000_000);
    writeFileSync(join(folder, 'up.zip'), bytes);

    await aws(s3, 's3', 'cp', join(folder, 'up.zip'), `s3://${BUCKET}/datasets/my images.zip`);
    await aws(s3, 's3', 'cp', `s3://${BUCKET}/datasets/my images.zip`, `s3://${BUCKET}/copy.zip`);
    await aws(s3, 's3', 'cp', `s3://${BUCKET}/copy.zip`, join(folder, 'down.zip'));

    expect(readFileSync(join(folder, 'down.zip')).equals(bytes)).toBe(true);
    expect(await aws(s3, 's3', 'ls', `s3://${BUCKET}/datasets/`)).toMatch(
      / 20000000 my images\.zip\n$/,
    );
  });

  it.skipIf(!hasAws)('syncs a folder both ways, sends nothing twice, and removes it', async () => {
    const s3 = await runningS3();
    const [from, to] = [temporaryFolder(), temporaryFolder()];
    mkdirSync(join(from, 'cats & dogs'));
    const anHourAgo = new Date(Date.now() - 3_600_000); // S3's dates have whole seconds: what is newer is sent again
    for (const name of ['a.txt', 'ü+1.txt', 'cats & dogs/1.png']) {
      writeFileSync(join(from, name), name);
      utimesSync(join(from, name), anHourAgo, anHourAgo);
    }

    await aws(s3, 's3', 'sync', from, `s3://${BUCKET}/set`);
    const again = await aws(s3, 's3', 'sync', from, `s3://${BUCKET}/set`);
    await aws(s3, 's3', 'sync', `s3://${BUCKET}/set`, to);

    expect(again).toBe('');
    expect(readFileSync(join(to, 'ü+1.txt'), 'utf8')).toBe('ü+1.txt');
    expect(readFileSync(join(to, 'cats & dogs/1.png'), 'utf8')).toBe('cats & dogs/1.png');
    await aws(s3, 's3', 'rm', '--recursive', `s3://${BUCKET}/set`);
    expect(await aws(s3, 's3', 'ls', '--recursive', `s3://${BUCKET}`).catch(() => '')).toBe('');
  });

  it.skipIf(!hasAws)('presigns a URL that works', async () => {
    const s3 = await runningS3();
    await fetch(`${s3.endpoint}/${BUCKET}/a`, { method: 'PUT', body: 'hello' });

    const url = await aws(s3, 's3', 'presign', `s3://${BUCKET}/a`);

    expect(await (await fetch(url.trim())).text()).toBe('hello');
  });
});
