import * as z from 'zod';
import { summarize } from './describe.ts';
import { type JobRecord, nameOf } from './record.ts';
import type { ListTrainingJobsRequest } from './requests.ts';

/** The end of a page, as the position of its last job. It stays valid when jobs are added or removed between two pages. */
const Token = z.tuple([z.string(), z.string()]);
type Place = z.infer<typeof Token>;

/** The response of ListTrainingJobs, or `undefined` for an invalid NextToken. */
export function list(records: readonly JobRecord[], request: ListTrainingJobsRequest) {
  const after = request.NextToken === undefined ? undefined : parseToken(request.NextToken);
  if (request.NextToken !== undefined && !after) return undefined;

  const direction = request.SortOrder === 'Ascending' ? 1 : -1;
  const place = placeBy(request.SortBy);
  const found = records
    .filter((record) => isAskedFor(record, request))
    .map((record) => ({ record, place: place(record) }))
    .filter((job) => !after || direction * compare(job.place, after) > 0)
    .sort((one, other) => direction * compare(one.place, other.place));

  const page = found.slice(0, request.MaxResults);
  const last = page.at(-1);
  return {
    TrainingJobSummaries: page.map(({ record }) => summarize(record)),
    ...(last && found.length > page.length && { NextToken: tokenOf(last.place) }),
  };
}

function isAskedFor(record: JobRecord, request: ListTrainingJobsRequest): boolean {
  const created = Date.parse(record.createdAt) / 1000;
  const modified = Date.parse(record.modifiedAt) / 1000;
  const { NameContains = '', StatusEquals = record.status } = request;
  return (
    nameOf(record).includes(NameContains) &&
    record.status === StatusEquals &&
    created > (request.CreationTimeAfter ?? Number.NEGATIVE_INFINITY) &&
    created < (request.CreationTimeBefore ?? Number.POSITIVE_INFINITY) &&
    modified > (request.LastModifiedTimeAfter ?? Number.NEGATIVE_INFINITY) &&
    modified < (request.LastModifiedTimeBefore ?? Number.POSITIVE_INFINITY)
  );
}

const placeBy =
  (sortBy: ListTrainingJobsRequest['SortBy']) =>
  (record: JobRecord): Place => {
    const first = { Name: '', CreationTime: record.createdAt, Status: record.status }[sortBy];
    return [first, nameOf(record)];
  };

const compare = (one: Place, other: Place): number =>
  order(one[0], other[0]) || order(one[1], other[1]);

const order = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const tokenOf = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function parseToken(token: string): Place | undefined {
  try {
    return Token.safeParse(JSON.parse(Buffer.from(token, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
