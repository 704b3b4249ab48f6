import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BrowserContext, Page } from 'playwright-core';

const CHROMIUM = process.env['RUNBACK_TEST_BROWSER'] ?? '/usr/bin/chromium';

/** Why browser tests cannot run here; undefined where they can. */
export const noBrowser: string | undefined = existsSync(CHROMIUM) ? undefined : `there is no browser at ${CHROMIUM}`;

/** A real browser with a profile of its own. Close it with {@link closeBrowser}. */
export async function openBrowser(): Promise<{ readonly context: BrowserContext; close(): Promise<void> }> {
  const { chromium } = await import('playwright-core');
  const profile = await mkdtemp(join(tmpdir(), 'runback-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What axe finds wrong with a page as it stands, one line each; contrast included. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated by the debugger, so that the page's own policy against scripts stays as it is.
  return await page.evaluate(`${source}; axe.run(document).then(({ violations }) =>
    violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => id + ': ' + help + ' at ' + target.join(' '))))`);
}
