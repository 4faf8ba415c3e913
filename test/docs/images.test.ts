import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pipelineSvg } from '../../docs/images/pipeline.ts';
import { terminalSvg } from '../../docs/images/terminal.ts';

const committed = (name: string) =>
  readFileSync(new URL(`../../docs/images/${name}`, import.meta.url), 'utf8');

describe('the diagram of the pipeline', () => {
  it('is the one that the script draws: run `npm run images` after a change', () => {
    expect(committed('pipeline.svg')).toBe(pipelineSvg());
  });
});

describe('the image of a terminal', () => {
  const ESCAPE = String.fromCharCode(27);

  it('keeps colours and leaves out every other control sequence', () => {
    const svg = terminalSvg(`${ESCAPE}[32mdone${ESCAPE}[39m${ESCAPE}[2K & <more>`, 'ls');

    expect(svg).toContain("<tspan fill='#4ade80'>done</tspan>");
    expect(svg).toContain('&amp;\u00a0&lt;more>');
    expect(svg).not.toContain(ESCAPE);
  });
});
