import { describe, expect, it } from 'vitest';
import { isOutage } from '#lambdas/is-outage.ts';

const withFields = (name: string, fields: object): Error =>
  Object.assign(new Error('It failed.'), { name }, fields);

describe('isOutage', () => {
  it.each<[string, unknown]>([
    ['a refused connection', withFields('Error', { code: 'ECONNREFUSED' })],
    ['a full disk', withFields('Error', { code: 'ENOSPC' })],
    ['a fault of the service', withFields('InternalError', { $metadata: { httpStatusCode: 500 } })],
    ['throttling', withFields('ThrottlingException', { $metadata: { httpStatusCode: 400 } })],
    ['a missing permission', withFields('AccessDenied', { $metadata: { httpStatusCode: 403 } })],
    ['a request that took too long', withFields('TimeoutError', {})],
    ['its cause', new Error('x', { cause: withFields('Error', { code: 'EPIPE' }) })],
    ['one of several causes', new AggregateError([withFields('Error', { code: 'EPIPE' })])],
  ])('is true of %s', (_, error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a fault in the code', new TypeError('Cannot read properties of undefined')],
    [
      'a request that cannot be right',
      withFields('ValidationException', { $metadata: { httpStatusCode: 400 } }),
    ],
    ['an invalid code', withFields('Error', { code: 'ERR_INVALID_ARG_TYPE' })],
    ['something else than an error', 'x'],
  ])('is false of %s', (_, error) => {
    expect(isOutage(error)).toBe(false);
  });
});
