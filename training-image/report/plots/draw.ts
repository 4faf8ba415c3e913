import { parse, View } from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';

// The colours are the page's: they follow the reader's light or dark scheme.
export const COLOURS = {
  student: 'var(--accent)',
  wrong: 'var(--bad)',
  ink: 'var(--ink)',
  soft: 'var(--soft)',
  line: 'var(--line)',
  paper: 'var(--paper)',
};

const THEME: Config = {
  aria: false, // the page says in words what a plot shows
  background: 'transparent',
  font: 'inherit',
  padding: 2,
  view: { stroke: null },
  axis: {
    domainColor: COLOURS.line,
    gridColor: COLOURS.line,
    gridOpacity: 0.7,
    labelColor: COLOURS.soft,
    labelFontSize: 11,
    labelPadding: 5,
    ticks: false,
    titleColor: COLOURS.soft,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
  },
  axisX: { grid: false },
  axisY: { domain: false },
  text: { color: COLOURS.ink, fontSize: 11 },
  line: { color: COLOURS.student, strokeWidth: 2 },
  point: { color: COLOURS.student, filled: true, size: 45, opacity: 1 },
  rule: { color: COLOURS.soft },
};

/** The size of all plots: as wide as a phone shows without making the letters smaller. */
export const SIZE = { width: 340, height: 210 };

/** A position on a scale of numbers. */
export const quantity = (
  field: string,
  title: string | null,
  scale: { domain?: number[]; zero?: boolean; nice?: boolean },
  axis: { format: string; tickCount?: number; tickMinStep?: number },
) => ({
  field,
  type: 'quantitative' as const,
  title,
  scale,
  axis: { tickCount: 5, ...axis },
});

export const SHARE = { format: '.0%' }; // an axis of shares
export const ALL = { domain: [0, 1] };

/**
 * Draws a plot.
 *
 * @param label what it shows, for those who cannot see it
 * @returns SVG for the page, without anything that a content security policy would have to allow
 */
export async function draw(spec: TopLevelSpec, label: string): Promise<string> {
  const view = new View(parse(compile(spec, { config: THEME }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg
    .replaceAll(/ (?:class|role|aria-[a-z]+|pointer-events|xmlns:xlink|version)="[^"]*"/g, '')
    .replaceAll(/<path(?: d="(?:M0,0h0v0h0Z)?"| display="none")+\/>/g, '')
    .replaceAll(/<text [^>]*opacity="0"[^>]*>[^<]*<\/text>/g, '') // labels for which there is no room
    .replace('<svg ', `<svg role="img" aria-label="${label}" `);
}
