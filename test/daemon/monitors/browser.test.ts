import { mkdir } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { documentHtml } from '../../../src/document/index.js';
import { reviewDocument, type ReviewFinding } from '../../../src/monitors/index.js';
import { hasBrowser, openBrowser, openPage, violationsOf } from '../../support/browser.js';
import { makeWorld } from '../world.js';
import { watchedFlows } from './flows.js';

const shots = process.env['RUNBACK_TEST_SCREENSHOTS'];
/** A desk, 80 columns of a fixed font, and a phone; CSS pixels. */
const WIDTHS = [1100, 640, 360] as const;

describe.skipIf(!hasBrowser())('what monitors say, in a real browser', () => {
  it('the page of watched flows has nothing that axe objects to and fits, in light and dark, on a desk and on a phone', async () => {
    const world = await makeWorld();
    const url = await world.start({ flows: async () => await Promise.resolve(watchedFlows(world.clock.now())) }).url;
    const browser = await openBrowser();
    if (shots !== undefined) await mkdir(shots, { recursive: true });
    for (const colors of ['light', 'dark'] as const)
      for (const width of WIDTHS) {
        const { page, requests } = await openPage(browser, { url }, { colors, width });
        await page.getByRole('heading', { name: 'Watched' }).waitFor();
        expect(await violationsOf(page), `${colors} ${width}`).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${width} fits`).toBe(true);
        // It loads nothing but itself, and what a browser asks for by itself.
        expect(requests.filter((one) => !one.endsWith('/favicon.ico'))).toEqual([`${url}/`]);
        const charts = await page.locator('svg.spark').all();
        expect(charts).toHaveLength(4);
        for (const chart of charts) {
          const box = (await chart.boundingBox()) ?? expect.fail('a chart is not drawn');
          expect([box.width > 10, box.height > 10, box.x + box.width <= width]).toEqual([true, true, true]);
        }
        // A chart says in words what it shows, so that nobody has to see it.
        await page.getByText('Last 3 looks: 20 to 60, limit 500').waitFor();
        // What is wrong is the first that is read.
        expect(
          await page
            .getByRole('listitem')
            .filter({ has: page.getByRole('heading', { level: 3 }) })
            .first()
            .innerText(),
        ).toMatch(/people[\s\S]*Wrong\./u);
        if (shots !== undefined) await page.screenshot({ path: `${shots}/watched-${colors}-${width}.png`, fullPage: true });
        await page.context().close();
      }
  });

  it('the review of the week as a page has nothing that axe objects to, and fits', async () => {
    const browser = await openBrowser();
    const [from, to, countedSince] = ['2026-02-23T10:00:00Z', '2026-03-02T10:00:00Z', '2026-01-05T00:00:00Z'].map((at) => new Date(at));
    if (from === undefined || to === undefined || countedSince === undefined) expect.fail('no times');
    for (const findings of [FINDINGS, FINDINGS.slice(0, 1), []])
      for (const colors of ['light', 'dark'] as const)
        for (const width of WIDTHS) {
          const html = documentHtml(reviewDocument({ from, to, countedSince }, findings));
          const { page } = await openPage(browser, { html }, { colors, width });
          expect(await violationsOf(page), `${colors} ${width}`).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${width} fits`).toBe(true);
          const lead =
            findings.length === 0 ? 'like the weeks before it' : findings.length === 1 ? '1 thing is worth a look' : '3 things are worth a look';
          await page.getByText(lead).waitFor();
          if (shots !== undefined) await page.screenshot({ path: `${shots}/review-${findings.length}-${colors}-${width}.png`, fullPage: true });
          await page.context().close();
        }
  });
});

const FINDINGS: readonly ReviewFinding[] = [
  {
    kind: 'always-fails',
    subject: 'crm',
    says: 'crm: write of contacts has always failed since 2026-02-24 (212 times).',
    message:
      'Property "…" does not exist <b>and cannot be made</b> in this account: averyveryverylongwordthathasnospacesinitatallandgoesoverthewholescreenofaphone',
    example: { time: '2026-02-24T09:12:00Z', correlationId: '5d6f0e2c-1111-2222-3333-444455556666' },
  },
  { kind: 'hours', subject: 'crm', says: 'crm: errors at 02:00 only, 31 of 33.', example: { time: '2026-03-01T02:04:00Z' } },
  { kind: 'drift', subject: 'feed', says: 'sync feed takes 2 % longer each week: 4m instead of 3m.' },
];
