import { percent } from '#core/quantities.ts';

/** `87%`; only what is certain is called 0% or 100%. */
export function probability(fraction: number): string {
  const rounded = Math.round(100 * fraction);
  if (rounded === 0 && fraction > 0) return '<1%';
  if (rounded === 100 && fraction < 1) return '>99%';
  return `${rounded}%`;
}

/** `98.8%`, or `99.97%` where the difference from 1 would be lost; never more than the threshold itself. */
export function threshold(fraction: number): string {
  const digits = fraction > 0.999 ? 2 : 1;
  const shown = Math.floor(fraction * 10 ** (digits + 2)) / 10 ** digits;
  return `${shown.toFixed(digits)}%`;
}

/** `95.7–99.5%` */
export const interval = ([low, high]: readonly [number, number]): string =>
  `${(100 * low).toFixed(1)}–${percent(high)}`;

/** `1 image`, `1,204 images` */
export const images = (n: number): string =>
  n === 1 ? '1 image' : `${n.toLocaleString('en-US')} images`;
