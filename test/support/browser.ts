import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const EXECUTABLE = process.env['RUNBACK_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What hangs is ended by it, and nothing else. */
const PATIENCE_MS = 300_000;

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * True where there is a browser to look at pages with; else prints why tests are skipped. RUNBACK_TEST_CHROMIUM names
 * another one.
 */
export function hasBrowser(): boolean {
  const found = existsSync(EXECUTABLE);
  if (!found) console.log(`skipped: no browser at ${EXECUTABLE}`);
  return found;
}

/** How a page is looked at. */
export interface Looking {
  readonly colors?: 'light' | 'dark';
  readonly media?: 'screen' | 'print';
  /** Width in CSS pixels; 200 % zoom of a window of 1280 is a width of 640. */
  readonly width?: number;
}

/** A page in a real browser with a fresh profile, and every request it made. Closed when the test ends. */
export interface OpenedPage {
  readonly page: Page;
  readonly requests: readonly string[];
}

/**
 * A browser for the running test, with a profile of its own that is removed afterwards. `names` lead to this machine:
 * for what browsers do only where an address is not that of this machine.
 */
export async function openBrowser({ names = [] }: { readonly names?: readonly string[] } = {}): Promise<Browser> {
  const mapped = names.length === 0 ? [] : [`--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`];
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: [...ARGUMENTS, ...mapped], timeout: PATIENCE_MS });
  onTestFinished(() => browser.close());
  return browser;
}

/** An empty page that waits as long as a busy machine needs. */
export async function emptyPage(browser: { newPage(): Promise<Page> }): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

/**
 * Shows HTML text, or goes to an address. Nothing but that address is reachable: any other request is cut off and
 * listed.
 */
export async function openPage(
  browser: Browser,
  from: { readonly html: string } | { readonly url: string },
  looking: Looking = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({
    colorScheme: looking.colors ?? 'light',
    viewport: { width: looking.width ?? 1280, height: 900 },
  });
  const page = await emptyPage(context);
  const requests: string[] = [];
  const origin = 'url' in from ? new URL(from.url).origin : 'http://page.invalid';
  await page.route('**/*', (route) => {
    const url = route.request().url();
    requests.push(url);
    if ('html' in from && url === `${origin}/`) return route.fulfill({ contentType: 'text/html; charset=utf-8', body: from.html });
    return url.startsWith(`${origin}/`) && 'url' in from ? route.continue() : route.abort();
  });
  await page.emulateMedia({ media: looking.media ?? 'screen' });
  await page.goto('url' in from ? from.url : `${origin}/`);
  return { page, requests };
}

/** What axe-core finds against WCAG 2.2 AA and its best practices, one line a finding. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  // Run by the debugger, not as a script of the page: the page's own policy may allow none.
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate<{ violations: AxeViolation[] }>(
    `axe.run({ runOnly: { type: 'tag', values: ${JSON.stringify(TAGS)} } })`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary ?? ''}`));
}

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

function axeSource(): string {
  return readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
}

const STOP = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  const labelled = document.getElementById(element.getAttribute('aria-labelledby') ?? '') ?? element;
  const words = element.getAttribute('aria-label') ?? labelled.textContent;
  return element.tagName.toLowerCase() + ': ' + words.replace(/\\s+/g, ' ').trim();
})()`;

/** Where the Tab key leads, from the beginning of the page: each stop as `tag: words`. */
export async function tabStops(page: Page, most = 200): Promise<readonly string[]> {
  const stops: string[] = [];
  for (let i = 0; i < most; i += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<string | null>(STOP);
    if (stop === null) return stops;
    stops.push(stop);
  }
  return stops;
}
