import { describe, expect, test } from 'vitest';

import { reportHtml } from '../../src/reports/index.js';
import { hasBrowser, openBrowser, openPage, tabStops, violationsOf } from '../support/browser.js';
import { storyReport } from './story.js';

const BROKEN_LINKS = `[...document.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute('href')).filter((href) => !document.getElementById(href.slice(1)))`;
/** A folder to leave pictures in, for people to look at. */
const SHOTS = process.env['RUNBACK_TEST_SHOTS'];

describe.skipIf(!hasBrowser())('the report in a browser', () => {
  test('has no barrier in light, dark and print, and nothing is cut off at 200 % zoom or on a sheet of A4', async () => {
    const html = reportHtml(await storyReport(), { personal: true });
    const browser = await openBrowser();
    for (const looking of [
      { colors: 'light' },
      { colors: 'dark' },
      { colors: 'light', width: 640 },
      { colors: 'dark', width: 320 },
      { media: 'print', width: 680 },
      { media: 'print', colors: 'dark', width: 680 },
    ] as const) {
      const { page, requests } = await openPage(browser, { html }, looking);
      expect(await violationsOf(page), JSON.stringify(looking)).toEqual([]);
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(overflow, JSON.stringify(looking)).toBeLessThanOrEqual(0);
      expect(requests).toEqual(['http://page.invalid/']);
      if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/report-${Object.values(looking).join('-')}.png`, fullPage: true });
      await page.context().close();
    }
  });

  test('the keyboard reaches every link and every table that may scroll, in the order of the page', async () => {
    const browser = await openBrowser();
    const { page } = await openPage(browser, { html: reportHtml(await storyReport(), { personal: false }) });
    const stops = await tabStops(page);
    const inOrder = await page.evaluate<number>(`document.querySelectorAll('a[href], [tabindex="0"]').length`);
    expect(stops).toHaveLength(inOrder);
    expect(stops.slice(0, 3)).toEqual(['a: Summary', 'a: Impact', 'a: Timeline']);
    expect(stops.indexOf('div: Pages and their delivery')).toBeGreaterThan(stops.indexOf('div: What happened, in order'));
    const broken = await page.evaluate<string[]>(BROKEN_LINKS);
    expect(broken).toEqual([]);
  });

  test('its style sheet is the one its policy allows, and a script in it would not run', async () => {
    const browser = await openBrowser();
    const html = reportHtml(await storyReport(), { personal: false }).replace('</main>', '<script>document.title = "ran"</script></main>');
    const { page } = await openPage(browser, { html });
    expect(await page.title()).not.toBe('ran');
    expect(await page.evaluate<string>(`getComputedStyle(document.querySelector('table')).borderCollapse`)).toBe('collapse');
  });
});
