import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from 'aws-lambda';
import db from 'dynalite/db/index.js';
import { whyClosed } from './folder-in-use.ts';

export type Item = Record<string, AttributeValue>;

/**
 * Reads all items of a table of the local DynamoDB without a server; none if there is no such table.
 *
 * @throws FolderInUse while another process has opened the folder
 */
export async function readTable(folder: string, table: string): Promise<Item[]> {
  if (!existsSync(join(folder, 'CURRENT'))) return []; // LevelDB would create a database
  const { db: level } = db.create({
    path: folder,
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  try {
    await level.open();
  } catch (error) {
    throw whyClosed(error, folder);
  }
  const items: Item[] = [];
  const prefix = `item-${table}~`; // dynalite's own naming
  for await (const item of level.values({ gte: prefix, lt: `${prefix}\xff` })) {
    items.push(item as Item);
  }
  await level.close();
  return items;
}
