import { crc32 } from 'node:zlib';

/** What a zip says about the name of an entry, as `yauzl` reads it. */
export interface NamedEntry {
  fileName: string; // decoded by the flags of the zip
  fileNameRaw: Uint8Array;
  generalPurposeBitFlag: number;
  extraFields: readonly { id: number; data: Uint8Array }[];
}

/** How a name was read: as the zip declares it, or by a guess. */
export type NameEncoding = 'declared' | 'utf-8' | 'cp437' | 'cp850' | 'cp1252' | 'unknown';

export interface EntryName {
  /** With `/` between folders, without `.` and empty parts, in Unicode NFC. */
  path: string;
  encoding: NameEncoding;
}

const UTF8_FLAG = 0x800;
const UNICODE_PATH = 0x7075; // Info-ZIP's extra field (PKWARE APPNOTE 4.6.9)

/**
 * The path of a zip's entry. macOS and many libraries write UTF-8 without the flag that says so, and Windows the code
 * page of its console: what is valid UTF-8 is read as that, and the rest as the Western code page in which all of its
 * other characters are letters. The trainer finds the validated entries by the same names.
 */
export function entryName(entry: NamedEntry): EntryName {
  const { fileNameRaw: raw, fileName } = entry;
  const isDeclared = (entry.generalPurposeBitFlag & UTF8_FLAG) !== 0 || hasUnicodePath(entry);
  const isAscii = raw.every((byte) => byte < 0x80);
  const { text, encoding } =
    isDeclared || isAscii
      ? { text: fileName, encoding: 'declared' as const }
      : guess(raw, ['cp437', 'cp850']);
  return { path: cleaned(text), encoding };
}

/**
 * The path of a tar's entry.
 *
 * @param name as text where the tar gives it in UTF-8 (a pax header), else its bytes, whose encoding no tar declares:
 *   it is that of the system that made the tar, nowadays UTF-8, formerly a Latin one
 */
export function tarEntryName(name: string | Uint8Array): EntryName {
  if (typeof name === 'string') return { path: cleaned(name), encoding: 'declared' };
  const { text, encoding } = guess(name, ['cp1252']);
  return { path: cleaned(text), encoding };
}

/** The extra field counts only if it is about this name. */
const hasUnicodePath = ({ extraFields, fileNameRaw }: NamedEntry): boolean =>
  extraFields.some(
    ({ id, data }) =>
      id === UNICODE_PATH &&
      data.length >= 6 &&
      data[0] === 1 &&
      new DataView(data.buffer, data.byteOffset).getUint32(1, true) === crc32(fileNameRaw),
  );

type CodePage = keyof typeof CODE_PAGES | 'cp1252';

function guess(
  raw: Uint8Array,
  codePages: readonly [CodePage, ...CodePage[]],
): { text: string; encoding: NameEncoding } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(raw), encoding: 'utf-8' };
  } catch {
    for (const encoding of codePages) {
      const text = decoded(raw, encoding);
      if (!UNLIKELY.test(text)) return { text, encoding };
    }
    return { text: decoded(raw, codePages[0]), encoding: 'unknown' };
  }
}

/** The characters of the bytes 128 to 255 (Unicode's mapping tables CP437.TXT and CP850.TXT). */
const CODE_PAGES = {
  cp437:
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  cp850:
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
};

/** Outside ASCII, Western names have Latin letters, hardly ever three in a row: anything else means another code page. */
const UNLIKELY = /(?!\p{Script=Latin})[^\0-\x7f]|[^\0-\x7f]{3}/u;

function decoded(raw: Uint8Array, codePage: CodePage): string {
  if (codePage === 'cp1252') return new TextDecoder('windows-1252').decode(raw);
  const upperHalf = CODE_PAGES[codePage];
  return Array.from(raw, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : upperHalf.charAt(byte - 0x80),
  ).join('');
}

/**
 * `./` and doubled slashes mean nothing; a slash at the end marks a folder, one at the beginning an absolute path. The
 * folder of the whole archive, which some programs list as `./`, is `/`.
 */
function cleaned(name: string): string {
  const slashed = name.replaceAll('\\', '/');
  const isFolder = slashed.endsWith('/');
  const isAbsolute = slashed.startsWith('/');
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return '/';
  return `${isAbsolute ? '/' : ''}${parts.join('/')}${isFolder ? '/' : ''}`.normalize('NFC');
}
