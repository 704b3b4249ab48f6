import { describe, expect, test } from 'vitest';

import { documentHtml } from '../../src/document/index.js';
import { historyDocument, scorecardDocument, type DrillResult } from '../../src/drills/index.js';
import { hasBrowser, openBrowser, openPage, violationsOf } from '../support/browser.js';

const result = (n: number, passed: boolean): DrillResult => ({
  version: 1,
  id: `drill-2026${String(n).padStart(2, '0')}01-060000-aaaa`,
  drill: passed ? 'overwritten-names' : 'deleted-contacts',
  title: 'A sync writes one first name over 5 % of the contacts',
  digest: 'd',
  runbook: { id: passed ? 'mass-overwrite' : 'accidental-delete', title: 'Undo a mass overwrite', digest: 'r' },
  stage: { label: 'a HubSpot sandbox on this machine', platform: 'hubspot', environment: 'sandbox' },
  faults: ['overwrite'],
  startedAt: `2026-${String(n).padStart(2, '0')}-01T06:00:00.000Z`,
  endedAt: `2026-${String(n).padStart(2, '0')}-01T06:03:00.000Z`,
  passed,
  checks: [
    { name: 'took_effect', passed: true, found: '15 changes', wanted: 'at least 1' },
    { name: 'repaired', passed, found: passed ? '100% of 15' : '93.33% of 15', wanted: '100%' },
  ],
  recoveryMs: 20_000 * n,
  run: { id: 'run-1', state: 'succeeded', kills: 1, resumes: 1 },
  disturbed: [],
  timeline: [{ at: '2026-01-01T06:00:01.000Z', what: 'overwrite: One value is written over a field of many records.' }],
  examples: passed ? [] : ['contacts/151000000012/firstname: is "Valued Customer", should be "Ada"'],
  samples: [{ cell: 'contacts/151000000012/firstname', before: 'Ada', damaged: 'Valued Customer', restored: passed ? 'Ada' : 'Valued Customer' }],
  differs: ['its records are invented'],
});
/** With a person at the terminal, on a game day. */
const withPeople: DrillResult = {
  ...result(3, true),
  byHand: [
    { title: 'Stop every sync that writes to the platform', ms: 41_000 },
    { title: 'Does this look like the damage?', ms: 312_000 },
  ],
  people: {
    incident: 'inc-20260301-055500-aaaa',
    severity: 'sev2',
    openedAt: '2026-03-01T05:55:00.000Z',
    waitedMs: 300_000,
    answer: { by: 'maya', name: 'Maya Ortiz', at: '2026-03-01T05:57:00.000Z', afterMs: 120_000 },
    pages: [
      { who: 'Maya Ortiz', person: 'maya', channel: 'mail', medium: 'email', level: 1, at: '2026-03-01T05:55:01.000Z', state: 'accepted' },
      { who: 'drillroom', channel: 'drillroom', medium: 'channel', at: '2026-03-01T05:56:01.000Z', state: 'failed', why: 'its program ended with 1' },
    ],
    approvals: [{ step: 'Have a large restore approved', at: '2026-03-01T06:01:00.000Z', from: ['Lee Park'], given: [], afterMs: 900_000 }],
    findings: [
      {
        kind: 'key',
        what: 'Lee Park may approve-restore and has no key: approvals have to be signed here',
        owner: 'Lee Park',
        next: 'Add the public SSH key of lee to escalation.yml: people.lee.key',
      },
    ],
  },
};
const results = [result(1, true), result(2, false), withPeople];
const SHOTS = process.env['RUNBACK_TEST_SHOTS'];

describe.skipIf(!hasBrowser())('scorecards and their history in a browser', () => {
  test.each([
    ['scorecards', scorecardDocument(results)],
    ['history', historyDocument(results)],
  ])('%s: no barrier in light, dark and print, nothing cut off on a phone or a sheet of A4, nothing loaded', async (name, document) => {
    const browser = await openBrowser();
    for (const looking of [{ colors: 'light' }, { colors: 'dark', width: 360 }, { media: 'print', width: 680 }] as const) {
      const { page, requests } = await openPage(browser, { html: documentHtml(document) }, looking);
      expect(await violationsOf(page), JSON.stringify(looking)).toEqual([]);
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(overflow, JSON.stringify(looking)).toBeLessThanOrEqual(0);
      expect(requests).toEqual(['http://page.invalid/']);
      if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}-${Object.values(looking).join('-')}.png`, fullPage: true });
      await page.context().close();
    }
  });
});
