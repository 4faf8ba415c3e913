import { CUT_OFF, DAMAGED, TOO_LARGE } from '#core/image-faults.ts';
import { type ImageFault, imageKind, isFault } from '#core/image-kinds.ts';
import { isOutOfMemory } from '../job/errors.ts';

/** An image cannot be decoded, and its bytes are at fault. The message continues the sentence that its name begins. */
export class ImageRefused extends Error {
  override name = 'ImageRefused';
  readonly fault: ImageFault;
  constructor(fault: ImageFault, options?: ErrorOptions) {
    super(fault.what, options);
    this.fault = fault;
  }
}

/** libvips, libjpeg, libpng, libwebp, libheif and libtiff, in this order */
const ENDS_EARLY =
  /premature end|out of data|libpng read error|unexpected end|not enough data|unable to parse image|bad seek|unable to read|end of file|truncated|short read/i;

/** What libvips' error means to the owner of an image; errors that are not the image's fault are returned as they are. */
export function refusalOf(bytes: Uint8Array, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof ImageRefused || isOutOfMemory(message)) return cause;
  const kind = imageKind(bytes);
  if (isFault(kind)) return new ImageRefused(kind, { cause });
  if (/pixel limit/i.test(message)) return new ImageRefused(TOO_LARGE, { cause });
  return new ImageRefused(ENDS_EARLY.test(message) ? CUT_OFF : DAMAGED, { cause });
}
