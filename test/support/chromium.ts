import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  process.env['FLTS_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].filter((path) => path !== undefined && path !== '');

/**
 * Where this machine has Chromium; null where it has none: then the caller skips its tests, after a loud line. Throws
 * where CI is true, for what is not looked at there is looked at nowhere.
 */
export function findChromium(): string | null {
  const found = PLACES.find((path) => existsSync(path ?? ''));
  if (found !== undefined) return found;
  const text = `no Chromium at ${PLACES.join(', ')}; install it (apt-get install chromium) or set FLTS_CHROMIUM`;
  if (process.env['CI'] === 'true') throw new Error(text);
  console.warn(`\n!!! NOT LOOKED AT in a browser: ${text}\n`);
  return null;
}

/** A headless browser with a profile of its own that asks nobody anything. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}
