import { UNPRINTABLE } from '#core/printable.ts';

const IS_HTML = Symbol('HTML');

/** A piece of HTML, as `html` makes it. */
export interface Html {
  readonly [IS_HTML]: true;
  readonly text: string;
}

type Value = string | number | Html | undefined | false | readonly Value[];

/** Puts values into HTML: escaped, unless they are HTML themselves; lists one after the other; nothing for `undefined`. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  trusted(String.raw({ raw: parts }, ...values.map(textOf)));

/** HTML that was not made by `html`: a stylesheet, a plot. It must not contain names of classes or files. */
export const trusted = (text: string): Html => ({ [IS_HTML]: true, text });

function textOf(value: Value): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  return 'text' in value ? value.text : value.map(textOf).join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');

/** Also shows what would not be seen, or would reorder the line, as the terminal does. */
const escaped = (text: string): string =>
  text
    .replace(EACH_UNPRINTABLE, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return `\\u${code.toString(16).padStart(4, '0')}`;
    })
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** A name from outside: whatever direction it is written in, the text around it keeps its own. */
export const name = (text: string): Html => html`<bdi>${text}</bdi>`;

/** A name in quotation marks; it may have some itself, but hardly next to a space. */
const QUOTED = /(?<=^|[\s(])"(.+?)"(?=[\s,.;:)]|$)/;

/** A sentence of ours, in which names are in quotation marks. */
export const prose = (sentence: string): Html =>
  html`${sentence.split(QUOTED).map((part, i) => (i % 2 === 1 ? html`“${name(part)}”` : part))}`;
