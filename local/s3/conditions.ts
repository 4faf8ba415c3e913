import { S3Error } from './errors.ts';

/** The facts of an object that conditions refer to. */
export interface Subject {
  etag: string; // without quotes
  lastModified: string; // ISO 8601, whole seconds
}

type Headers = Record<string, string>;

/**
 * Evaluates the conditions of a read in the order of RFC 9110, 13.2.2.
 *
 * @param prefix of the headers' names: `x-amz-copy-source-` for the source of a copy
 * @returns whether the client's copy is still current (304)
 * @throws S3Error PreconditionFailed
 */
export function isUnmodified(headers: Headers, subject: Subject, prefix = ''): boolean {
  const match = headers[`${prefix}if-match`];
  if (match !== undefined) {
    if (!names(match, subject)) throw preconditionFailed('If-Match');
  } else if (changedSince(headers[`${prefix}if-unmodified-since`], subject) === true) {
    throw preconditionFailed('If-Unmodified-Since');
  }

  const noneMatch = headers[`${prefix}if-none-match`];
  if (noneMatch !== undefined) return names(noneMatch, subject);
  return changedSince(headers[`${prefix}if-modified-since`], subject) === false;
}

/** The conditions on the object that a write replaces or removes. */
export interface WriteCondition {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

export const writeCondition = (headers: Headers): WriteCondition => ({
  ifMatch: headers['if-match'],
  ifNoneMatch: headers['if-none-match'],
});

/** @throws S3Error PreconditionFailed | NoSuchKey | NotImplemented, as AWS documents for conditional writes */
export function checkWrite(
  condition: WriteCondition,
  existing: Subject | undefined,
  key: string,
): void {
  const { ifMatch, ifNoneMatch } = condition;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') {
      throw new S3Error('NotImplemented', 'If-None-Match of a write takes only *.');
    }
    if (existing !== undefined) throw preconditionFailed('If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (existing === undefined) throw noSuchKey(key);
    if (!names(ifMatch, existing)) throw preconditionFailed('If-Match');
  }
}

export const noSuchKey = (key: string): S3Error =>
  new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });

export const preconditionFailed = (condition: string): S3Error =>
  new S3Error(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold.',
    {
      Condition: condition,
    },
  );

/** Whether a list of ETags (quoted or not) or `*` matches this object. */
const names = (list: string, { etag }: Subject): boolean =>
  list.split(',').some((one) => {
    const tag = one.trim().replace(/^W\//, '').replaceAll('"', '');
    return tag === '*' || tag === etag;
  });

/** @returns `undefined` if there is no date, or an invalid one */
function changedSince(date: string | undefined, { lastModified }: Subject): boolean | undefined {
  const since = Date.parse(date ?? '');
  return Number.isNaN(since) ? undefined : Date.parse(lastModified) > since;
}
