import type { PerClass } from './draw.ts';

/** A line in a panel: the accuracy with each regime. */
export interface Line {
  perClass: PerClass;
  /** by regime; `undefined` where it was not measured */
  points: readonly (Point | undefined)[];
}

export interface Point {
  mean: number; // accuracy, 0 to 1
  each: readonly number[]; // of each seed
}

export interface Panel {
  title: string;
  subtitle: string;
  lines: readonly Line[];
}

const COLUMNS = 4;
const [WIDTH, HEIGHT] = [270, 210]; // of a panel, px
const MARGIN = { left: 34, right: 34, top: 40, bottom: 26 };
const HEADER = 46;

/** From few images to many; one hue, light to dark. */
const COLOURS: Record<PerClass, string> = {
  5: '#9ecae1',
  10: '#6baed6',
  20: '#4292c6',
  50: '#2171b5',
  100: '#08519c',
  all: '#08306b',
};

/**
 * Small multiples as an SVG: a panel per dataset, the accuracy over what was trained, a line per number of images per
 * class, a dot per seed.
 *
 * @param ticks a short name for each regime, in the order of the points
 */
export function plot(
  panels: readonly Panel[],
  ticks: readonly string[],
  heading: { title: string; subtitle: string },
): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const [width, height] = [COLUMNS * WIDTH + 10, HEADER + rows * HEIGHT + 10];
  const drawn = panels.map((panel, i) => {
    const x = 5 + (i % COLUMNS) * WIDTH;
    const y = HEADER + Math.floor(i / COLUMNS) * HEIGHT;
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, ticks)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="10" fill="#333">
<title>${escapeXml(heading.title)}</title>
<rect width="${width}" height="${height}" fill="white"/>
<text x="10" y="20" font-size="15" font-weight="bold" fill="#111">${escapeXml(heading.title)}</text>
<text x="10" y="36" font-size="11" fill="#555">${escapeXml(heading.subtitle)}</text>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, subtitle, lines }: Panel, ticks: readonly string[]): string {
  const all = lines.flatMap(({ points }) => points.flatMap((point) => point?.each ?? []));
  const lowest = Math.floor(10 * Math.min(...all, 0.9)) / 10;
  const step = lowest < 0.5 ? 0.2 : 0.1;
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = (i: number) =>
    MARGIN.left + 12 + ((right - MARGIN.left - 24) * i) / Math.max(1, ticks.length - 1);
  const y = (value: number) => bottom - ((bottom - MARGIN.top) * (value - lowest)) / (1 - lowest);

  const parts = [
    `<text x="${MARGIN.left}" y="14" font-size="12" font-weight="bold" fill="#111">${escapeXml(title)}</text>`,
    `<text x="${MARGIN.left}" y="28" fill="#666">${escapeXml(subtitle)}</text>`,
  ];
  for (let value = 1; value >= lowest - 1e-9; value -= step) {
    const label = `${Math.round(100 * value)}`;
    parts.push(
      `<line x1="${MARGIN.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}" stroke="#e4e4e4"/>`,
      `<text x="${MARGIN.left - 5}" y="${y(value) + 3}" text-anchor="end" fill="#777">${label}</text>`,
    );
  }
  for (const [i, tick] of ticks.entries()) {
    parts.push(`<text x="${x(i)}" y="${bottom + 14}" text-anchor="middle">${tick}</text>`);
  }
  const ends = spread(lines.map(({ points }) => y(points.findLast(Boolean)?.mean ?? lowest)));
  for (const [k, { perClass, points }] of lines.entries()) {
    const colour = COLOURS[perClass] ?? '#333';
    const measured = [...points.entries()].flatMap(([i, point]) => (point ? [{ i, point }] : []));
    const path = measured.map(({ i, point }) => `${x(i).toFixed(1)},${y(point.mean).toFixed(1)}`);
    parts.push(
      `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.8"/>`,
      ...measured.flatMap(({ i, point }) =>
        point.each.map(
          (value) =>
            `<circle cx="${x(i).toFixed(1)}" cy="${y(value).toFixed(1)}" r="2" fill="${colour}" fill-opacity="0.7"/>`,
        ),
      ),
      `<text x="${right - 6}" y="${(ends[k] ?? 0) + 3}" fill="${colour}" font-weight="bold">${perClass}</text>`,
    );
  }
  return parts.join('\n');
}

const LABEL_HEIGHT = 10; // px

/** Moves labels apart that would overlap; the same order. */
function spread(places: readonly number[]): number[] {
  const order = [...places.keys()].sort((a, b) => (places[b] ?? 0) - (places[a] ?? 0));
  const moved = [...places];
  let above = Number.POSITIVE_INFINITY;
  for (const i of order) {
    above = Math.min(moved[i] ?? 0, above - LABEL_HEIGHT);
    moved[i] = above;
  }
  return moved;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
