import { expect, test } from 'vitest';

import { gatherReport, vendorCase } from '../../src/reports/index.js';
import { HUBSPOT, PLAN, storyReport, WORDS, writeStory } from './story.js';

const contact = { name: 'Maya Ortiz', email: 'maya@example.com' };

test('the text of a case, as it is pasted', async () => {
  const { incident } = await writeStory();
  await expect(vendorCase(incident, HUBSPOT, { vendor: 'hubspot', report: await storyReport(), contact })).toMatchFileSnapshot(
    'golden/vendor-case.txt',
  );
});

test('the fields the vendor asks for come in its order, and what is not on record is left to fill in', async () => {
  const { incident } = await writeStory();
  const text = vendorCase(incident, HUBSPOT, { vendor: 'hubspot', report: await storyReport() });
  const asked = text.split('\n\n').find((part) => part.startsWith('Asked for\n')) ?? '';
  expect(asked.split('\n').slice(1)).toEqual([
    '  portal: 62515',
    '  correlation_ids: 0b7c9a44-5a52-4d8a-8a3c-6f3f0a5f2c11, 6a1f2b1e-0d3c-4f6e-9c55-0f2f6f1b7a10',
    '  window: 2026-11-22 13:30:00 UTC to 2026-11-22 14:40:30 UTC',
    '  objects: contacts',
    '  records: 3 of 5,000 records, 4 field values (hubspot)',
    `  impact: ${WORDS.impact}`,
    '  plan tier: (fill in)',
  ]);
  expect(text).toContain('Maya Ortiz, (fill in): how to reach them');
});

test('what changed is told as a kind of change with its writer, and never with a value', async () => {
  const { incident } = await writeStory();
  const text = vendorCase(incident, HUBSPOT, { vendor: 'hubspot', report: await storyReport(), contact });
  expect(text).toContain('INTEGRATION:777 (4 changes)');
  expect(text).toContain('contacts.email: 3 values overwritten with one and the same');
  expect(text).toContain('contacts.firstname: 1 value emptied');
  expect(text).not.toMatch(/example\.org|sync\.example|010-4477|Archer/u);
});

test('another platform of the same incident stays out of it', async () => {
  const { store, clock, incident } = await writeStory();
  const report = await gatherReport(incident, { store, clock });
  const other = report.plans.map((plan) => ({ ...plan, id: 'plan-other', platform: 'warehouse', account: 'db', records: 9999 }));
  const both = { ...report, plans: [...report.plans, ...other] };
  expect(vendorCase(incident, HUBSPOT, { vendor: 'hubspot', report: both })).not.toContain('9,999');
  const named = vendorCase(incident, { account: {}, caseFields: ['records'] }, { vendor: 'acme', report: both, platforms: ['warehouse'] });
  expect(named).toContain('records: 9,999 of 5,000 records');
  expect(named).not.toContain('62515');
  expect(vendorCase(incident, { account: {}, caseFields: ['Records'] }, { vendor: 'acme', report: both })).toContain('Records: (fill in)');
});

test('an incident of which little is known is a form to fill in', async () => {
  const { store, clock, incident } = await writeStory();
  const { beganAt: _began, detectedAt: _detected, mitigatedAt: _mitigated, summary: _summary, impact: _impact, holder: _holder, ...rest } = incident;
  const report = await gatherReport({ ...rest, links: [], pages: [] }, { store, clock });
  const text = vendorCase(incident, { account: {}, caseFields: [] }, { vendor: 'hubspot', report });
  for (const line of [
    'Began: (fill in)',
    'Mitigated: not yet',
    'Impact\n  (fill in)',
    'Records\n  (fill in)',
    'Account\n  (fill in)',
    'Contact\n  (fill in)',
  ])
    expect(text).toContain(line);
  expect(text).not.toContain(PLAN);
});

test('words of people and platforms cannot add lines or steer a terminal', async () => {
  const evil = 'a\n\nContact\n  eve\u001B[31m\u202E';
  const { incident } = await writeStory({ ...WORDS, title: evil, summary: evil, impact: evil, refusal: evil });
  const report = await storyReport({ ...WORDS, title: evil, summary: evil, impact: evil, refusal: evil });
  const text = vendorCase(incident, { ...HUBSPOT, account: { [evil]: evil }, caseFields: [evil] }, { vendor: evil, report });
  expect(text.match(/^Contact$/gmu)).toHaveLength(1);
  for (const steering of ['\u001B', '\u202E']) expect(text).not.toContain(steering);
});
