import { readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

// Draws a terminal's output, colours included, as an SVG: `tsx docs/images/terminal.ts LOG SVG 'the command'`.

const FONT_SIZE = 13;
const LINE_HEIGHT = 18;
const CHARACTER_WIDTH = 7.85; // of the usual monospace fonts at that size
const PADDING = 18;
const TITLE_HEIGHT = 34;
const MAX_COLUMNS = 118; // longer lines are wrapped

const FOREGROUND = '#d1d5db';
const COLORS: Record<number, string> = {
  30: '#6b7280',
  31: '#f87171',
  32: '#4ade80',
  33: '#fbbf24',
  34: '#60a5fa',
  35: '#e879f9',
  36: '#22d3ee',
  90: '#9ca3af',
};

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
}

interface Cell {
  character: string;
  style: Style;
}

const PLAIN: Style = { color: FOREGROUND, bold: false, dim: false };

const ESCAPE = String.fromCharCode(27);
const SGR = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`); // "select graphic rendition"

/** The style after one SGR code (ECMA-48, 8.3.117). */
function styled(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, color: FOREGROUND };
  const color = COLORS[code];
  return color ? { ...style, color } : style;
}

/** One terminal line as characters with their styles. */
function cellsOf(line: string): Cell[] {
  const cells: Cell[] = [];
  let style = PLAIN;
  for (const part of line.split(SGR)) {
    const codes = SGR.test(part) ? part.slice(2, -1) : undefined;
    if (codes === undefined) {
      const visible = stripVTControlCharacters(part).replaceAll('\r', '');
      cells.push(...Array.from(visible, (character) => ({ character, style })));
    } else {
      for (const code of codes.split(';')) style = styled(style, Number(code));
    }
  }
  return cells;
}

/** Breaks a long line at spaces, so that the image stays readable. */
function wrapped(cells: readonly Cell[]): Cell[][] {
  if (cells.length <= MAX_COLUMNS) return [[...cells]];
  const space = cells.findLastIndex(
    ({ character }, column) => character === ' ' && column > 0 && column <= MAX_COLUMNS,
  );
  const end = space > 0 ? space : MAX_COLUMNS;
  return [cells.slice(0, end), ...wrapped(cells.slice(space > 0 ? end + 1 : end))];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0');

/** A line as one `text` element: a `tspan` per run of one style. */
function lineSvg(cells: readonly Cell[], row: number): string {
  const runs: { text: string; style: Style }[] = [];
  for (const { character, style } of cells) {
    const last = runs.at(-1);
    if (last && last.style === style) last.text += character;
    else runs.push({ text: character, style });
  }
  const spans = runs.map(({ text, style: { color, bold, dim } }) => {
    const weight = bold ? " font-weight='700'" : '';
    const opacity = dim ? " fill-opacity='0.6'" : '';
    return `<tspan fill='${color}'${weight}${opacity}>${escaped(text)}</tspan>`;
  });
  const y = TITLE_HEIGHT + PADDING + row * LINE_HEIGHT;
  return `<text x='${PADDING}' y='${y}'>${spans.join('')}</text>`;
}

export function terminalSvg(log: string, command: string): string {
  const prompt = cellsOf(`\u001b[32m$\u001b[0m \u001b[1m${command}\u001b[0m`);
  const lines = [prompt, ...log.trimEnd().split('\n').map(cellsOf)].flatMap(wrapped);
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.round(2 * PADDING + columns * CHARACTER_WIDTH);
  const height = TITLE_HEIGHT + 2 * PADDING + (lines.length - 1) * LINE_HEIGHT;
  const buttons = ['#f87171', '#fbbf24', '#4ade80'].map(
    (fill, i) => `<circle cx='${PADDING + 4 + i * 18}' cy='18' r='5.5' fill='${fill}'/>`,
  );
  return [
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${width} ${height}' width='${width}' height='${height}' role='img' aria-label='Output of ${escaped(command)}'>`,
    `<rect width='${width}' height='${height}' rx='10' fill='#111827'/>`,
    ...buttons,
    `<g font-family='ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace' font-size='${FONT_SIZE}'>`,
    ...lines.map(lineSvg),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

const [, , log, svg, command = ''] = process.argv;
if (log && svg) writeFileSync(svg, terminalSvg(readFileSync(log, 'utf8'), command));
