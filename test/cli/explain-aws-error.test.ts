import { describe, expect, it } from 'vitest';
import { explainAwsError } from '#cli/explain-aws-error.ts';

describe('explainAwsError', () => {
  it.each([
    ['ExpiredTokenException', 'The security token included in the request is expired', 'log in'],
    ['CredentialsProviderError', 'Could not load credentials from any providers', 'AWS_PROFILE'],
    ['AccessDeniedException', 'not authorized to perform: dynamodb:Scan', 'dynamodb:Scan'],
    ['Error', 'Region is missing', 'AWS_REGION'],
  ])('turns %s into a sentence with what to do', (name, message, told) => {
    const explained = explainAwsError(Object.assign(new Error(message), { name }));

    expect(explained).toMatchObject({ name: 'CliError', exit: 2 });
    expect(String(explained)).toContain(told);
  });

  it('says that AWS cannot be reached, and where to look', () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND s3.eu.example'), {
      code: 'ENOTFOUND',
    });

    const explained = explainAwsError(new Error(cause.message, { cause }));

    expect(explained).toMatchObject({
      exit: 2,
      message:
        'AWS cannot be reached (getaddrinfo ENOTFOUND s3.eu.example); check the network, AWS_REGION and AWS_ENDPOINT_URL.',
    });
  });

  it('leaves a fault of ours as it is', () => {
    const fault = new TypeError('x is not a function');

    expect(explainAwsError(fault)).toBe(fault);
  });
});
