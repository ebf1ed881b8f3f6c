import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReport, writeReports } from '../../src/report/index.js';
import { findChromium, launchChromium } from '../support/chromium.js';
import { fullBundle } from '../support/run-bundle-fixture.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const executable = findChromium();
const PHONE = { viewport: { width: 400, height: 800 } };
const DESKTOP = { viewport: { width: 1200, height: 900 } };
/** What A4 leaves between the margins of the print style, at 96 dots per inch. */
const PRINT = { viewport: { width: Math.round(((210 - 24) / 25.4) * 96), height: 1000 } };

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

describe.skipIf(executable === null)('the report in a browser', () => {
  let browser: Browser;
  let folder: string;
  let address: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flts-report-'));
    const [html = ''] = await writeReports(buildReport(fullBundle()), folder, ['html']);
    address = pathToFileURL(html).href;
    browser = await launchChromium(executable ?? '');
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the report; what the page complains of and asks for is collected in `said`. */
  async function open(options: BrowserContextOptions): Promise<{ page: Page; said: string[] }> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(`console ${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => said.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== address) said.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    return { page, said };
  }

  it('has every section, says nothing to the console and asks the network for nothing', async () => {
    const { page, said } = await open(DESKTOP);
    const titles = await page.locator('h2').allTextContents();
    expect(titles).toEqual(expect.arrayContaining(['Executive summary', 'Readiness', 'Next steps', 'Terms']));
    expect(await page.locator('figure svg').count()).toBeGreaterThan(16);
    expect(said).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['a phone', PHONE],
    ['a desktop', DESKTOP],
  ])('is not wider than the screen of %s', async (_, options) => {
    const { page } = await open(options);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(options.viewport.width);
    await page.context().close();
  });

  it('shows each chart once, and terms that lead to their explanation', async () => {
    const { page } = await open(PHONE);
    for (const shown of ['.narrow', '.wide']) {
      const visible = await page.locator(`figure ${shown}`).filter({ visible: true }).count();
      if (shown === '.narrow') expect(visible).toBeGreaterThan(8);
      else expect(visible).toBe(0);
    }
    const term = page.locator('a.term').first();
    const meaning = await term.getAttribute('title');
    await term.click();
    expect(await page.locator(':target dd').textContent()).toBe(meaning);
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility in %s', async (colorScheme) => {
    const { page } = await open({ ...DESKTOP, colorScheme });
    await page.addScriptTag({ path: AXE });
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 300)}`);
    expect(serious).toEqual([]);
    await page.context().close();
  });

  it('is legible in print: nothing cut off, no small type, dark on white whatever the screen', async () => {
    const { page } = await open({ ...PRINT, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const cutOff = await page.evaluate(`[...document.querySelectorAll('main, table, pre, figure svg, dd, td')]
      .filter((element) => element.getBoundingClientRect().width > 0)
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .map((element) => element.outerHTML.slice(0, 200))`);
    expect(cutOff).toEqual([]);
    const smallestPx = await page.evaluate(`Math.min(...[...document.querySelectorAll('p, li, td, th, dd, dt')]
      .map((element) => Number.parseFloat(getComputedStyle(element).fontSize)))`);
    expect(smallestPx).toBeGreaterThanOrEqual(10.5); // 8 points
    const colours = await page.evaluate(
      '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]',
    );
    expect(colours).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString('latin1');
    expect(pdf.startsWith('%PDF-')).toBe(true);
    const pages = pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThanOrEqual(4);
    expect(pages).toBeLessThanOrEqual(30);
    await page.context().close();
  });
});
