import { crc32 } from 'node:zlib';
import { junkRule } from '#core/junk.ts';
import { type Problem, problem } from '#core/problem.ts';
import { imageFault } from './check-images.ts';
import { type DatasetFile, HEAD_BYTES } from './dataset-files.ts';
import { isText } from './formats/sort-files.ts';
import type { EntryReader } from './read-tar.ts';
import { THRESHOLDS } from './thresholds.ts';

/** Texts of at most this size may be about one image each; larger ones are lists. */
const SMALL_BYTES = 16 * 1024;
/** Of all small texts together. Chosen: 200,000 labels with a few other fields. */
const MAX_SMALL_BYTES = 64 * 1024 ** 2;

/** What an entry of a tar becomes while its data passes by. */
export interface PassingFile {
  file: DatasetFile;
  reader: EntryReader;
}

/**
 * Keeps what the validation needs of the files of a tar, which is read once: the CRC-32 of each, what its ends show if it
 * is an image, and the texts, as far as they fit.
 */
export function keptOfEntries() {
  const rooms = {
    small: { bytes: MAX_SMALL_BYTES, dropped: [] as string[] },
    large: { bytes: THRESHOLDS.maxListBytes, dropped: [] as string[] },
  };

  /** Whether a text is kept. Of one that is too large for a list, others say so. */
  function fits(path: string, size: number): boolean {
    const room = size <= SMALL_BYTES ? rooms.small : rooms.large;
    if (size > room.bytes) {
      if (size <= THRESHOLDS.maxListBytes) room.dropped.push(path);
      return false;
    }
    room.bytes -= size;
    return true;
  }

  function open(path: string, size: number, offset: number): PassingFile {
    const isKept = isText(path) && junkRule(path) === undefined;
    const parts = isKept ? (fits(path, size) ? everything() : nothing()) : bothEnds();
    const entry = { name: path, size, crc32: 0, offset };
    let text: Uint8Array = NONE;
    const file: DatasetFile = {
      path,
      size,
      record: { entry },
      head: async (bytes = size) => text.subarray(0, bytes),
    };
    const reader: EntryReader = {
      read(piece) {
        entry.crc32 = crc32(piece, entry.crc32);
        parts.add(piece);
      },
      async end() {
        const { head, tail } = parts.taken();
        if (isKept) text = head;
        else file.fault = await imageFault({ ...file, head: first(head), tail: last(tail) });
      },
    };
    return { file, reader };
  }

  const warnings = (): Problem[] =>
    [rooms.small.dropped, rooms.large.dropped].flatMap((dropped) => {
      const [one] = dropped;
      if (one === undefined) return [];
      const others = dropped.length > 1 ? ` and ${dropped.length - 1} more` : '';
      const what = `The texts of the archive are too large in total; this one${others} was not read.`;
      return [
        problem('LIST_TOO_LARGE', one, what, 'Upload a folder or a zip, if they are labels.'),
      ];
    });

  return { open, warnings };
}

const first = (head: Uint8Array) => async (bytes?: number) => head.subarray(0, bytes);
const last = (tail: Uint8Array) => async (bytes: number) =>
  tail.subarray(Math.max(0, tail.length - bytes));

/** Takes the pieces of a file, and gives copies: a view of a few bytes would keep the whole piece in memory. */
interface Parts {
  add(piece: Uint8Array): void;
  taken(): { head: Uint8Array; tail: Uint8Array };
}

const NONE = new Uint8Array();
const nothing = (): Parts => ({ add: () => undefined, taken: () => ({ head: NONE, tail: NONE }) });

function everything(): Parts {
  const parts: Uint8Array[] = [];
  return {
    add: (piece) => void parts.push(piece),
    taken: () => ({ head: Buffer.concat(parts), tail: NONE }),
  };
}

/** As many bytes of both ends as the checks of images ask for. */
function bothEnds(): Parts {
  const head: Uint8Array[] = [];
  const tail: Uint8Array[] = [];
  let missing = HEAD_BYTES;
  let held = 0; // bytes of the tail
  return {
    add(piece) {
      if (missing > 0) head.push(piece.subarray(0, missing));
      missing = Math.max(0, missing - piece.length);
      tail.push(piece);
      held += piece.length;
      for (let oldest = tail[0]; oldest && held - oldest.length >= HEAD_BYTES; oldest = tail[0]) {
        held -= oldest.length;
        tail.shift();
      }
    },
    taken: () => ({ head: Buffer.concat(head), tail: Buffer.concat(tail) }),
  };
}
