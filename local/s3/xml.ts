import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from './errors.ts';

/** The content of an element: text, child elements in order, or a list for repeated elements; `undefined` omits it. */
export type Content =
  | string
  | number
  | boolean
  | undefined
  | { readonly [name: string]: Content }
  | readonly Content[];

/** Writes an XML document in S3's namespace. */
export function xmlDocument(root: string, content: Content, namespace = true): string {
  const xmlns = namespace ? ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${xmlns}>${inner(content)}</${root}>`;
}

function inner(content: Content): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escapeText(String(content));
  return Object.entries(content)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value])
        .filter((one) => one !== undefined)
        .map((one) => `<${name}>${inner(one)}</${name}>`),
    )
    .join('');
}

/**
 * Escapes markup and characters that a parser would normalize. Control characters become references, which XML 1.0
 * forbids but S3 sends too; clients that need such keys use `encoding-type=url`.
 */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may contain them
  return text.replace(/[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    return NAMED[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;
  });
}
const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const parser = new XMLParser({
  parseTagValue: false, // a key "007" is not the number 7
  trimValues: false, // a key " a " keeps its spaces
  processEntities: false, // the parser drops `&#x1;`, which would change the key; see `unescapeText`
  ignoreAttributes: true,
  ignoreDeclaration: true,
  removeNSPrefix: true,
  isArray: (name) => name === 'Object' || name === 'Part',
  tagValueProcessor: (_name, value) => unescapeText(value),
});

/**
 * Parses the XML body of a request: `{ Delete: { Object: [{ Key: '007' }] } }`, all text unchanged.
 *
 * @throws S3Error MalformedXML, also for a document type declaration, which may define entities
 */
export function parseXml(text: string): unknown {
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw malformedXml();
  try {
    return parser.parse(text);
  } catch {
    throw malformedXml();
  }
}

export const malformedXml = (): S3Error =>
  new S3Error('MalformedXML', 'The XML of the request is not well-formed or not what S3 expects.');

function unescapeText(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return CHARACTERS[name] ?? all;
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    if (code > 0x10ffff) throw malformedXml();
    return String.fromCodePoint(code);
  });
}
const CHARACTERS: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
