/** Why a file system takes no more data. */
export type Unwritable = 'full' | 'quota' | 'file-size' | 'read-only' | 'denied';

const BY_CODE: Record<string, Unwritable> = {
  ENOSPC: 'full',
  EDQUOT: 'quota',
  EFBIG: 'file-size',
  EROFS: 'read-only',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** How libraries report it that keep only the system's message, such as LevelDB and TensorFlow. */
const BY_MESSAGE: readonly [RegExp, Unwritable][] = [
  [/\bENOSPC\b|No space left on device/i, 'full'],
  [/\bEDQUOT\b|Disk quota exceeded/i, 'quota'],
  [/\bEFBIG\b|File too large/i, 'file-size'],
  [/\bEROFS\b|Read-only file system/i, 'read-only'],
];

/** Why something could not be written, from the error or one of its causes; `undefined` for every other error. */
export function unwritable(error: unknown): Unwritable | undefined {
  for (
    let each = error, depth = 0;
    each instanceof Error && depth < 8;
    each = each.cause, depth++
  ) {
    const why =
      BY_CODE[String((each as { code?: unknown }).code)] ?? unwritableByMessage(each.message);
    if (why) return why;
  }
  return undefined;
}

export const unwritableByMessage = (message: string): Unwritable | undefined =>
  BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];

export interface Room {
  folder: string;
  freeBytes?: number | undefined;
  neededBytes?: number | undefined;
}

/** A sentence that says what cannot be written, where, how much is free, and how much is needed. */
export function unwritableInWords(why: Unwritable, room: Room): string {
  const { folder } = room;
  switch (why) {
    case 'full':
      return `The disk is full: ${folder} ${roomInWords(room)}.`;
    case 'quota':
      return `The disk quota is used up in ${folder}.`;
    case 'file-size':
      return `The file system of ${folder} takes no file of this size.`;
    case 'read-only':
      return `${folder} is on a read-only file system.`;
    case 'denied':
      return `${folder} cannot be used: permission denied.`;
  }
}

function roomInWords({ freeBytes = 0, neededBytes }: Room): string {
  const free = `has ${inMegabytes(freeBytes)} free`;
  return neededBytes === undefined
    ? free
    : `${free}, and ${inMegabytes(neededBytes, 'up')} are needed`;
}

/** The needed bytes that `unwritableInWords` names; `undefined` if a text names none. */
export function neededBytesIn(text: string): number | undefined {
  const [, megabytes] = /free, and ([\d,]+) MB are needed/.exec(text) ?? [];
  return megabytes === undefined ? undefined : Number(megabytes.replaceAll(',', '')) * 1e6;
}

function inMegabytes(bytes: number, round: 'down' | 'up' = 'down'): string {
  const megabytes = round === 'up' ? Math.ceil(bytes / 1e6) : Math.floor(bytes / 1e6);
  return `${megabytes.toLocaleString('en-US')} MB`;
}
