import { describe, expect, it } from 'vitest';
import { refuseExpired } from '#local/s3/presigned.ts';
import { BUCKET, runningS3 } from './running-s3.ts';

const noon = new Date('2026-11-24T12:00:00.000Z');
const check = (query: string) => () => refuseExpired(new URLSearchParams(query), noon);
const signed = (date: string, seconds: string) =>
  `X-Amz-Date=${date}&X-Amz-Expires=${seconds}&X-Amz-Signature=00`;

describe('refuseExpired', () => {
  it.each([
    ['no presigned URL', ''],
    ['one that is valid to the second', signed('20261124T115500Z', '300')],
    ['an old one in time', `Signature=x&Expires=${noon.getTime() / 1000}`],
  ])('lets %s pass', (_, query) => {
    expect(check(query)).not.toThrow();
  });

  it.each([
    ['expired', signed('20261124T115500Z', '299'), 'AccessDenied'],
    ['expired, of version 2', 'Signature=x&Expires=1000', 'AccessDenied'],
    ['without an end', 'X-Amz-Date=20261124T115500Z&X-Amz-Signature=00', 'AuthorizationQuery'],
    ['without a date', 'X-Amz-Expires=300', 'AuthorizationQuery'],
    ['of more than a week', signed('20261124T115500Z', '604801'), 'AuthorizationQuery'],
    ['of no number', signed('20261124T115500Z', '-1'), 'AuthorizationQuery'],
    ['of another date', signed('2026-11-24', '300'), 'AuthorizationQuery'],
  ])('refuses one that is %s', (_, query, code) => {
    expect(check(query)).toThrow(
      expect.objectContaining({ code: expect.stringContaining(code) }) as Error,
    );
  });

  it('is asked before anything is read', async () => {
    const { endpoint } = await runningS3({ now: () => noon });
    const answer = await fetch(`${endpoint}/${BUCKET}/key?${signed('20261124T110000Z', '60')}`);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('Request has expired');
  });
});
