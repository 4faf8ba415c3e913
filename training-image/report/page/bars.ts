import { type Html, html } from './html.ts';

/** Numbers of SVG attributes, in hundredths of the bar's width. */
const shown = (fraction: number): string => (100 * fraction).toFixed(1);

/** A bar that shows a share of a whole, 0..1. The number stands beside it. */
export const bar = (fraction: number): Html =>
  html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"/><rect class="value" width="${shown(fraction)}" height="8"/></svg>`;

/** A share of a whole, and the interval that it lies in. */
export const intervalBar = (
  fraction: number,
  [low, high]: readonly [low: number, high: number],
): Html =>
  html`<svg class="interval" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="3" width="100" height="2"/><rect class="range" x="${shown(low)}" y="2" width="${shown(high - low)}" height="4"/><rect class="dot" x="${shown(Math.min(0.985, Math.max(0, fraction - 0.0075)))}" width="1.5" height="8"/></svg>`;
