import type { Line } from './cells.ts';

export async function writeReport(_lines: readonly Line[], _say: (line: string) => void) {}
