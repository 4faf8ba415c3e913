import { CliError, EXIT } from './cli-error.ts';
import { isUnreachable } from './is-unreachable.ts';

const NO_CREDENTIALS = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
]);
const NOT_ALLOWED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);

/**
 * Turns errors of credentials, permissions, region and network into a sentence with what to do; returns other errors
 * unchanged.
 */
export function explainAwsError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  const { name, message } = error;
  if (NO_CREDENTIALS.has(name)) {
    const sentence = `AWS does not accept your credentials (${message}); log in or set AWS_PROFILE, as for the AWS CLI.`;
    return new CliError(EXIT.usage, sentence, { cause: error });
  }
  if (NOT_ALLOWED.has(name)) {
    return new CliError(EXIT.usage, `AWS denied access: ${message}`, { cause: error });
  }
  if (message === 'Region is missing') {
    const sentence =
      'No AWS region is configured; set AWS_REGION, or a region in your AWS profile.';
    return new CliError(EXIT.usage, sentence, { cause: error });
  }
  if (isUnreachable(error)) {
    const sentence = `AWS cannot be reached (${message || 'no connection'}); check the network, AWS_REGION and AWS_ENDPOINT_URL.`;
    return new CliError(EXIT.usage, sentence, { cause: error });
  }
  return error;
}
