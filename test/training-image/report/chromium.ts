import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** The usual places of Chromium and Chrome; none is ever downloaded. */
const PLACES = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser of this machine; `undefined` if there is none, which is said. */
export const CHROMIUM = PLACES.find((path) => path !== '' && existsSync(path));

if (CHROMIUM === undefined)
  console.warn(
    'SKIPPED: no Chromium was found, so the report was not looked at in a browser. Install one, or set CHROMIUM.',
  );

export const openChromium = () =>
  chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
