/**
 * Interprets a handler's response as Lambda does under `ReportBatchItemFailures`, for SQS and for streams:
 * no response, `{}`, and an empty or null list mean success; an unreadable response, or an identifier that is empty,
 * null, misspelt or not in this batch, means that the whole batch failed.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 * @returns the identifiers that failed, in the order of the batch
 */
export function failedIdentifiers(response: unknown, batch: readonly string[]): readonly string[] {
  if (response === undefined || response === null) return [];
  if (typeof response !== 'object') return batch;
  const { batchItemFailures } = response as { batchItemFailures?: unknown };
  if (batchItemFailures === undefined || batchItemFailures === null) return [];
  if (!Array.isArray(batchItemFailures)) return batch;

  const failed = new Set(batchItemFailures.map((failure) => failure?.itemIdentifier));
  const known = new Set<unknown>(batch);
  if ([...failed].some((identifier) => !known.has(identifier))) return batch;
  return batch.filter((identifier) => failed.has(identifier));
}
