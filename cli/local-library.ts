import { join } from 'node:path';
import type { AttributeValue } from 'aws-lambda';
import * as z from 'zod';
import type { ObjectFacts } from '#core/identity.ts';
import { Job } from '#core/job.ts';
import { FolderInUse } from '#local/dynamodb/folder-in-use.ts';
import type { Item } from '#local/dynamodb/read-table.ts';
import { stateFolder } from '#local/find-state-folder.ts';
import { BUCKET, JOB_TABLE } from '#local/names.ts';
import { readBucket } from '#local/s3/read-bucket.ts';
import { ObjectChanged } from '#ports';
import { CliError, EXIT } from './cli-error.ts';
import { type JobList, type Library, newestFirst } from './library.ts';
import { runningPipeline, waiting } from './local-pipeline.ts';

/** The files of the local pipeline, read from its folder, whether it is running or not. */
export function localLibrary(): Library {
  const bucket = readBucket(join(stateFolder(), 's3', BUCKET));
  return {
    bucket: BUCKET,
    objects: {
      async *list(prefix) {
        for await (const { key, size, etag, lastModified } of bucket.list(prefix))
          yield { key, size, etag, lastModified } satisfies ObjectFacts;
      },
      readText: async (key) => (await bucket.read(key))?.toString('utf8'),
    },
    read: async (key) => reading(key, bucket.stream(key)),
  };
}

async function* reading(
  key: string,
  stream: Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* await stream;
  } catch (error) {
    if (!(error instanceof ObjectChanged)) throw error;
    const sentence = `${key} was removed or replaced while it was being read. Run the command again.`;
    throw new CliError(EXIT.notFound, sentence, { cause: error });
  }
}

/** The jobs of the local pipeline: from the running one, which has locked their table, or from the folder. */
export async function localJobs(): Promise<JobList> {
  const { readTable } = await import('#local/dynamodb/read-table.ts'); // with dynalite, only where it is needed
  const waitForHolder = waiting();
  for (;;) {
    const running = await runningPipeline();
    const items = running
      ? await scan(running.endpoint)
      : await readTable(join(stateFolder(), 'dynamodb'), JOB_TABLE).catch(unlessInUse);
    if (items) {
      const jobs = jobsIn(items);
      return { allJobs: () => Promise.resolve(jobs), trains: running?.trains ?? false };
    }
    await waitForHolder(); // it is starting or stopping
  }
}

function unlessInUse(error: unknown): undefined {
  if (!(error instanceof FolderInUse)) throw error;
}

const Page = z.object({
  Items: z.array(z.custom<Item>()),
  LastEvaluatedKey: z.unknown().optional(),
});

/**
 * Scans the job table through the endpoint. The local DynamoDB checks no signatures, so this needs no SDK.
 *
 * @returns `undefined` if it stops in the meantime
 */
async function scan(endpoint: string): Promise<Item[] | undefined> {
  const items: Item[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.Scan',
      },
      body: JSON.stringify({ TableName: JOB_TABLE, ExclusiveStartKey }),
    }).catch(() => undefined);
    if (!answer?.ok) return undefined;
    const page = Page.parse(await answer.json());
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

function jobsIn(items: readonly Item[]): Job[] {
  const jobs = items.flatMap(({ job }) => {
    const row = job && Job.safeParse(plain(job));
    return row?.success ? [row.data] : [];
  });
  return newestFirst(jobs);
}

/** The value of a DynamoDB attribute of the types that a job has. */
function plain({ S, N, BOOL, M, L }: AttributeValue): unknown {
  if (S !== undefined) return S;
  if (N !== undefined) return Number(N);
  if (BOOL !== undefined) return BOOL;
  if (L !== undefined) return L.map(plain);
  if (M === undefined) return null;
  return Object.fromEntries(Object.entries(M).map(([name, value]) => [name, plain(value)]));
}
