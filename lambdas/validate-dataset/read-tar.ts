import { extract, type Header } from 'tar-stream';

const BLOCK_BYTES = 512; // everything in a tar begins at a multiple of it (POSIX.1-2001, pax)
const PIECE_BYTES = 64 * 1024; // at least as many are parsed at a time

/** An entry of a tar, by its header. */
export interface TarEntry {
  /** As text where a pax header gives it in UTF-8, else its bytes. */
  name: string | Uint8Array;
  size: number; // bytes
  offset: number; // of its data
  kind: 'file' | 'folder' | 'sparse' | 'other'; // such as a link or a device
}

/** Takes the data of an entry, piece by piece. */
export interface EntryReader {
  read(piece: Uint8Array): void;
  end(): Promise<void>;
}

/** How a tar ends: with the mark, a block of zeros, or without, or with something behind the mark that is no tar. */
export type TarEnd = 'marked' | 'unmarked' | 'followed';

/** Names are given as bytes; a write takes as long as the parsing; tars older than POSIX are read too. */
const OPTIONS = { filenameEncoding: 'latin1', highWaterMark: 1, allowUnknownFormat: true };

/** A tar is damaged or cut off. */
export class TarDamaged extends Error {
  override name = 'TarDamaged';
}

/**
 * Reads a tar, or several one behind the other, from its beginning to its end.
 *
 * @param open called with each entry in turn
 * @throws TarDamaged; and whatever `pieces` throws
 */
export async function readTar(
  pieces: AsyncIterable<Uint8Array>,
  open: (entry: TarEntry) => EntryReader,
): Promise<TarEnd> {
  let parsed = 0; // bytes
  let end = 0; // of the last entry
  let hasMark = false; // there
  let failure: Error | undefined;
  let wake: () => void = () => undefined;

  const parser = extract(OPTIONS);
  for (const event of ['drain', 'finish', 'close']) parser.on(event, () => wake());
  parser.on('error', (error: Error) => {
    failure = error;
    wake();
  });
  parser.on('entry', (header, data, next) => {
    const entry = entryOf(header as TarHeader);
    const blocks = entry.kind === 'folder' ? 0 : Math.ceil(entry.size / BLOCK_BYTES);
    end = entry.offset + blocks * BLOCK_BYTES;
    hasMark = false;
    const reader = open(entry);
    data.on('data', (piece) => reader.read(piece as Uint8Array));
    data.on('error', () => undefined); // it is the parser's, which reports it too
    data.on('end', () => void reader.end().then(() => next(), next));
    data.resume();
  });

  /** @returns whether the parser goes on */
  async function parse(piece: Uint8Array | undefined): Promise<boolean> {
    if (failure) return false;
    const parsing = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (piece) parser.write(piece);
    else parser.end(null);
    await parsing;
    const mark = piece?.subarray(Math.max(0, end - parsed), end - parsed + BLOCK_BYTES);
    if (mark && mark.length > 0 && end >= parsed) hasMark = mark.every((byte) => byte === 0);
    parsed += piece?.length ?? 0;
    return failure === undefined;
  }

  try {
    let isGoingOn = true;
    for await (const piece of inBlocks(pieces)) {
      isGoingOn = await parse(piece);
      if (!isGoingOn) break;
    }
    if (isGoingOn && parsed === 0) throw new TarDamaged('it is empty');
    if (isGoingOn) await parse(undefined);
  } finally {
    parser.destroy();
  }
  if (!failure) return hasMark ? 'marked' : 'unmarked';
  if (hasMark) return 'followed';
  throw new TarDamaged(reasonOf(failure, end), { cause: failure });
}

function reasonOf({ message }: Error, end: number): string {
  if (/unexpected end/i.test(message)) return 'it is cut off';
  if (end === 0) return 'it does not begin as one';
  return `what follows the entry that ends at byte ${end} is not one`;
}

/** The published types lack two of the fields. */
type TarHeader = Header & { byteOffset: number; pax: Readonly<Record<string, string>> | null };

function entryOf({ name, size, type, byteOffset, pax }: TarHeader): TarEntry {
  const path = pax?.path ?? Buffer.from(name, 'latin1'); // as it was decoded
  return { name: path, size, offset: byteOffset, kind: kindOf(type, pax) };
}

function kindOf(type: Header['type'], pax: TarHeader['pax']): TarEntry['kind'] {
  const isSparse = Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse.'));
  if (isSparse) return 'sparse';
  if (type === 'directory') return 'folder';
  return type === 'file' || type === 'contiguous-file' ? 'file' : 'other';
}

/** The same bytes in pieces of whole blocks, but for the last piece. */
async function* inBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    if (length < PIECE_BYTES) continue;
    const all = held.length === 1 ? piece : Buffer.concat(held);
    const whole = length - (length % BLOCK_BYTES);
    yield all.subarray(0, whole);
    held = whole < length ? [all.subarray(whole)] : [];
    length -= whole;
  }
  if (length > 0) yield Buffer.concat(held);
}
