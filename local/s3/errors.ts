import { INSUFFICIENT_STORAGE } from '#lambdas/insufficient-storage.ts';
import type { Disk } from '../disk-space.ts';

/** The S3 error codes of this server, with AWS's HTTP status. Source: "Error responses", Amazon S3 API reference. */
const STATUS = {
  AccessDenied: 403,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  OperationAborted: 409,
  PreconditionFailed: 412,
  XAmzContentSHA256Mismatch: 400,
} as const;
export type ErrorCode = keyof typeof STATUS;

/** An error response of S3; every other error is a fault of this server or its disk. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: ErrorCode;
  readonly status: number;
  /** Further elements of the error document, such as `Key`. */
  readonly details: Record<string, string>;

  constructor(code: ErrorCode, message: string, details: Record<string, string> = {}) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
    this.details = details;
  }
}

/** A failure as the client is told. */
export interface Failure {
  status: number;
  code: ErrorCode;
  message: string;
  details?: Record<string, string>;
}

/** The error for the client: the S3 error itself, or an `InternalError` that names the cause. */
export function describeFailure(error: unknown, disk: Disk): Failure {
  if (error instanceof S3Error) return error;
  const full = disk.failed(error);
  if (full !== undefined)
    return { status: INSUFFICIENT_STORAGE, code: 'InternalError', message: full };
  const what = error instanceof Error ? error.message : String(error);
  return { status: 500, code: 'InternalError', message: `The local S3 failed: ${what}` };
}
