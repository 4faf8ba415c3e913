import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import db, { type Store, type Table } from 'dynalite/db/index.js';
import validations from 'dynalite/validations/index.js';
import * as z from 'zod';
import { INSUFFICIENT_STORAGE } from '#lambdas/insufficient-storage.ts';
import { activity } from '../activity.ts';
import { type Disk, requireRoom, unwatchedDisk } from '../disk-space.ts';
import { type JsonAnswer, refusal } from '../events/aws-json.ts';
import { ACCOUNT, REGION } from '../names.ts';
import { WRITES } from './changes.ts';
import { FolderInUse, whyClosed } from './folder-in-use.ts';

/** The operations that dynalite implements and the pipeline may use. */
const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
  'UpdateTable',
];

/**
 * dynalite without its HTTP server: the same steps (types, validations, action), but with errors as values. Its server
 * throws them from callbacks, which would end the whole local pipeline.
 * Its internal modules are imported, hence the pinned version.
 */
export interface Engine {
  perform(operation: string, parameters: object): Promise<JsonAnswer>;
  table(name: string): Promise<Table | undefined>;
  close(): Promise<void>;
}

/**
 * After a write that failed, LevelDB may refuse every later one, or put it behind a torn record of its log, where the
 * next start would not find it. So the database is opened again before anything else is done with it; while that fails
 * too, as on a full disk, every operation is answered with the reason.
 *
 * @throws FolderInUse
 */
export async function openEngine(
  folder: string,
  disk: Disk = unwatchedDisk(folder),
): Promise<Engine> {
  let store = await openStore(folder);
  let reopening: Promise<void> | undefined;
  const running = activity();

  async function reopen(): Promise<void> {
    await running.idle();
    await store.db.close();
    store = await openStore(folder);
  }

  function startReopening() {
    reopening ??= reopen();
    reopening.catch(() => undefined); // `ready` throws it
  }

  /** Waits until the database is open. After an attempt to open it that failed, the next operation makes another. */
  async function ready(): Promise<void> {
    const attempt = reopening;
    try {
      await attempt;
    } finally {
      if (reopening === attempt) reopening = undefined;
    }
  }

  function faultOf(error: unknown): JsonAnswer {
    const full = disk.failed(error);
    if (full !== undefined) return fault(full, INSUFFICIENT_STORAGE);
    return fault(error instanceof Error ? error.message : String(error), 500);
  }

  return {
    async perform(operation, parameters) {
      try {
        await ready();
      } catch (error) {
        startReopening();
        return faultOf(error);
      }
      try {
        if (MAY_GROW.has(operation)) requireRoom(folder, SMALLEST_ROOM, 0);
        const answer = await running.track(perform(store, operation, parameters));
        if (/^(Create|Update|Delete)Table$/.test(operation)) await settled(store, parameters);
        return answer;
      } catch (error) {
        if (isOfLevelDb(error)) startReopening();
        return faultOf(error);
      }
    },
    table: (name) => new Promise((resolve) => store.getTable(name, (_, table) => resolve(table))),
    async close() {
      await reopening?.catch(() => undefined);
      await store.db.close();
    },
  };
}

/** Below this, nothing is written at all, so that LevelDB rarely meets a full disk. Chosen. */
const SMALLEST_ROOM = 1024 ** 2; // bytes

const MAY_GROW: ReadonlySet<string> = new Set([...WRITES, 'CreateTable', 'UpdateTable']);

const fault = (message: string, status: number): JsonAnswer =>
  refusal('com.amazon.coral.service#InternalServerError', message, status);

/** Whether LevelDB itself failed, not dynalite, nor a check before it. */
function isOfLevelDb(error: unknown): boolean {
  const { code, cause } = Object(error);
  return String(code).startsWith('LEVEL_') || (cause instanceof Error && isOfLevelDb(cause));
}

async function openStore(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true });
  const immediately = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  const store = db.create({ path: folder, ...immediately });
  store.tableDb.awsAccountId = ACCOUNT;
  store.tableDb.awsRegion = REGION;
  await open(store, folder);
  try {
    await repair(store);
    return store;
  } catch (error) {
    await store.db.close(); // otherwise this process would lock itself out
    throw error;
  }
}

const OPEN_TRIES = 10; // within a second: a command that reads the table holds the folder for a moment

/** @throws FolderInUse */
async function open(store: Store, folder: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.db.open();
    } catch (error) {
      const reason = whyClosed(error, folder);
      if (!(reason instanceof FolderInUse) || tries === OPEN_TRIES) throw reason;
      await pause(100);
    }
  }
}

type Action = (
  store: Store,
  data: object,
  callback: (error: unknown, answer: unknown) => void,
) => void;
const require = createRequire(import.meta.url);
const lowerFirst = (operation: string) => operation.charAt(0).toLowerCase() + operation.slice(1);

/** @throws what LevelDB throws, and faults inside dynalite */
function perform(store: Store, operation: string, parameters: object): Promise<JsonAnswer> {
  if (!OPERATIONS.includes(operation)) {
    const message = `the local DynamoDB has no ${operation || 'operation in X-Amz-Target'}`;
    return Promise.resolve(refusal('com.amazon.coral.service#UnknownOperationException', message));
  }
  const action: Action = require(`dynalite/actions/${lowerFirst(operation)}`);
  const { types, custom } = require(`dynalite/validations/${lowerFirst(operation)}`);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      const known = DynaliteError.safeParse(error);
      if (known.success) resolve({ status: known.data.statusCode, body: known.data.body });
      else reject(error);
    };
    try {
      const data = validations.checkTypes(structuredClone(parameters), types);
      validations.checkValidations(data, types, custom, store);
      action(store, data, (error, body) => (error ? fail(error) : resolve({ status: 200, body })));
    } catch (error) {
      fail(error);
    }
  });
}

/** dynalite's own errors carry their response; any other error is a fault inside it. */
const DynaliteError = z.object({ statusCode: z.number(), body: z.unknown() });

/** Waits until dynalite has finished creating, changing or deleting a table. */
async function settled(store: Store, parameters: object): Promise<void> {
  for (;;) {
    const { status, body } = await perform(store, 'DescribeTable', parameters);
    if (status !== 200 || (body as { Table: Table }).Table.TableStatus === 'ACTIVE') return;
    await new Promise(setImmediate);
  }
}

/** Repairs what an interrupted write may have left incomplete in each table. */
async function repair(store: Store): Promise<void> {
  for await (const value of store.db.values(under('table~'))) {
    const table = value as Table;
    if (table.TableStatus === 'CREATING') await finishCreation(store, table);
    await rebuildIndexesOf(store, table);
  }
}

async function finishCreation(store: Store, table: Table): Promise<void> {
  const active = { IndexStatus: 'ACTIVE' };
  const indexes = table.GlobalSecondaryIndexes?.map((index) => ({ ...index, ...active }));
  const value = {
    ...table,
    TableStatus: 'ACTIVE',
    ...(indexes && { GlobalSecondaryIndexes: indexes }),
  };
  await store.db.batch([{ type: 'put', key: `table~${table.TableName}`, value }]);
}

/**
 * Rebuilds every index from its table's items, in one atomic batch.
 * dynalite writes the indexes of an item before the item itself. If it is killed in between, an open job may be missing
 * from the index of open jobs, and no stage would look at it again.
 */
async function rebuildIndexesOf(store: Store, table: Table): Promise<void> {
  const operations: Parameters<Store['db']['batch']>[0] = [];
  for (const [kind, indexes] of [
    ['local', table.LocalSecondaryIndexes ?? []],
    ['global', table.GlobalSecondaryIndexes ?? []],
  ] as const) {
    const prefix = (index: string) => `index-${kind}~${table.TableName}~${index}~`; // dynalite's own naming
    for (const { IndexName } of indexes) {
      for await (const key of store.db.keys(under(prefix(IndexName)))) {
        operations.push({ type: 'del', key });
      }
    }
    for await (const item of store.db.values(under(`item-${table.TableName}~`))) {
      for (const put of db.getIndexActions(indexes, null, item as never, table).puts) {
        operations.push({ type: 'put', key: prefix(put.index) + put.key, value: put.item });
      }
    }
  }
  if (operations.length > 0) await store.db.batch(operations);
}

const under = (prefix: string) => ({ gte: prefix, lt: `${prefix}\xff` });
