import { CUT_OFF, DAMAGED, TOO_LARGE } from '#core/image-faults.ts';
import { type ImageFault, imageKind, isFault } from '#core/image-kinds.ts';
import { isOutOfMemory } from '../job/errors.ts';
import { lacksItsEnd } from './image-notes.ts';

/** An image cannot be decoded, and its bytes are at fault. The message continues the sentence that its name begins. */
export class ImageRefused extends Error {
  override name = 'ImageRefused';
  readonly fault: ImageFault;
  constructor(fault: ImageFault, options?: ErrorOptions) {
    super(fault.what, options);
    this.fault = fault;
  }
}

/** libnsgif, libheif and libtiff, in this order; the other kinds show it themselves */
const ENDS_EARLY = /unexpected end|bad seek|unable to read|not enough data|read error on strip/i;

/** What libvips' error means to the owner of an image; errors that are not the image's fault are returned as they are. */
export function refusalOf(bytes: Uint8Array, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof ImageRefused || isOutOfMemory(message)) return cause;
  const kind = imageKind(bytes);
  if (isFault(kind)) return new ImageRefused(kind, { cause });
  if (/pixel limit/i.test(message)) return new ImageRefused(TOO_LARGE, { cause });
  const isCut = lacksItsEnd(bytes) || (kind !== 'PNG' && ENDS_EARLY.test(message));
  return new ImageRefused(isCut ? CUT_OFF : DAMAGED, { cause });
}
