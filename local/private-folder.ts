import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const OWNER_ONLY = 0o700;

/**
 * Creates the folder of a pipeline's state for its owner only: it has the images, and the endpoint asks for no password.
 * A folder of an earlier version becomes private too; any other folder that exists keeps its permissions.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  const created = await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  if (created !== undefined) {
    await writeFile(join(folder, '.gitignore'), '*\n'); // it may lie in a project of the user's
    return;
  }
  if (existsSync(join(folder, 'dynamodb'))) {
    await chmod(folder, OWNER_ONLY).catch(() => undefined); // somebody else's, shared on purpose
  }
}
