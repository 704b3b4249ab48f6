import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addressesIn, Phrases, Placeholders } from '../../src/reports/incident/personal.js';
import { reportHtml, reportMarkdown, vendorCase, withoutPersonalData } from '../../src/reports/index.js';
import { sharedDataDir } from '../support/shared-data.js';
import { tries } from '../support/sweeps.js';
import { HUBSPOT, storyReport, WORDS, writeStory } from './story.js';

const folder = sharedDataDir();
if (folder === undefined) console.log('skipped: no real data beside the repository (../shared/data)');

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Every address of the list that is one by some standard. */
function realAddresses(): readonly string[] {
  const xml = readFileSync(join(folder ?? '', 'email-addresses.xml'), 'utf8');
  return [...xml.matchAll(/<test id="[^"]*">([\s\S]*?)<\/test>/gu)]
    .map(([, body = '']) => body)
    .filter((body) => !body.includes('ISEMAIL_ERR'))
    .map((body) => decoded(/<address>([\s\S]*?)<\/address>/u.exec(body)?.[1] ?? ''))
    .filter((text) => text.includes('@'));
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|(\w+));/giu, (_, code: string | undefined, name: string) =>
    code === undefined ? (ENTITIES[name] ?? '') : String.fromCodePoint(parseInt(code, 16)),
  );
}

/** Naughty strings that could be the value of a record and be quoted by a person as they are. */
function naughtyValues(): readonly string[] {
  const all = JSON.parse(readFileSync(join(folder ?? '', 'naughty-strings.json'), 'utf8')) as string[];
  return all
    .map((text) => text.trim().replaceAll(/\s+/gu, ' '))
    .filter((text) => text.length > 8 && text.split(' ').length <= 6 && /\p{Lu}/u.test(text) && /^[\p{L}\p{N}].*[\p{L}\p{N}]$/u.test(text));
}

const local = fc.stringMatching(/^zq[a-z\d.!#$%&'*+/=?^_{|}~-]{0,12}z$/u);
const domain = fc.stringMatching(/^[a-z\d](?:[a-z\d-]{0,8}[a-z\d])?(?:\.[a-z\d]{2,6}){1,3}$/u);
const around = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', ' ', '<', '("', 'mailto:', '[x](mailto:', 'a@b.c, ', '|', '\n'));

describe('without personal data', () => {
  test('no address survives in any text, whatever stands around it', () => {
    fc.assert(
      fc.property(around, local, domain, around, (before, name, host, after) => {
        const text = new Placeholders().text(`${before}${name}@${host}${after}`);
        expect(text).not.toContain(`@${host}`);
        expect(text).not.toContain(`${name}@`);
      }),
      { numRuns: tries(2000) },
    );
  });

  test.skipIf(folder === undefined)('no address of the list survives in a text, a report or a case for a vendor', async () => {
    const addresses = realAddresses();
    expect(addresses.length).toBeGreaterThan(80);
    const hide = new Placeholders();
    expect(addresses.filter((address) => hide.text(`Wrong for ${address} since noon`).includes(address))).toEqual([]);
    const report = { ...(await storyReport()), summary: addresses.join(' and '), impact: addresses.slice(0, 20).join('\n') };
    const { incident } = await writeStory();
    const files = [
      reportMarkdown(report, { personal: false }),
      reportHtml(report, { personal: false }),
      vendorCase(incident, HUBSPOT, { vendor: 'hubspot', report }),
    ];
    for (const file of files) expect(addresses.filter((address) => file.includes(address))).toEqual([]);
  });

  test.skipIf(folder === undefined)('no naughty value of a record survives in what people wrote', () => {
    const values = naughtyValues();
    expect(values.length).toBeGreaterThan(20);
    const phrases = new Phrases(values.map((value) => `They all have ${value} now.`));
    for (const value of values) phrases.look(value);
    const hide = new Placeholders(phrases.found);
    expect(values.filter((value) => hide.text(`They all have ${value} now.`).includes(value))).toEqual([]);
  });

  test.each([
    ['+1 555 010 4477', true],
    ['+44 (0)20 7946 0018', true],
    ['(555) 010-4477', true],
    ['555.010.4477', true],
    ['call 5550104477', true],
    ['0049-30-901820', true],
    ['555-0104-477 ext. 12', true],
    ['contact 5550104477', false],
    ['contacts/163528921234', false],
    ['id: 163528921234', false],
    ['run-20261122-141500-abcd', false],
    ['2026-11-22 14:15:00', false],
    ['2026-11-22T14:15:00.123Z', false],
    ['6a1f2b1e-0d3c-4f6e-9c55-0f2f6f1b7a10', false],
    ['1,234,567 records', false],
    ['256 of 5,000', false],
    ['sev1', false],
  ])('a telephone number is told from ids, times and counts: %s', (text, isNumber) => {
    expect(new Placeholders().text(`Note: ${text}.`).includes('[phone 1]')).toBe(isNumber);
  });

  test('the same value is the same placeholder everywhere, and another value another one', async () => {
    const data = withoutPersonalData(await storyReport());
    expect(data.plans[0]?.examples.map(({ field, from, to }) => [field, from, to])).toEqual([
      ['email', '[e-mail 1]', '[e-mail 2]'],
      ['firstname', null, '[value 1]'],
      ['email', '[e-mail 1]', '[e-mail 3]'],
      ['email', '[e-mail 1]', null],
    ]);
    expect(data.summary).toBe('The nightly sync wrote [e-mail 1] over the address of every contact it touched. [value 1] called from [phone 1].');
    expect(data.restores[0]?.messages).toEqual(['Property values were not valid: "[e-mail 2]" is taken by another contact']);
  });

  test('names of colleagues and keys of records stay; with personal data everything does', async () => {
    const report = await storyReport();
    const without = reportMarkdown(report, { personal: false });
    for (const kept of ['Maya Ortiz', 'Lee Park', '`1001`', 'INTEGRATION:777']) expect(without).toContain(kept);
    expect(JSON.stringify(withoutPersonalData(report))).not.toMatch(/example\.org|sync\.example|010-4477|Archer/u);
    const withAll = reportMarkdown(report, { personal: true }).replaceAll('\\', '');
    for (const shown of [WORDS.damaged, 'ann.archer@example.org', 'Ann Archer', '+1 (555) 010-4477']) expect(withAll).toContain(shown);
  });

  test('a long text costs time by its length only', () => {
    const hide = new Placeholders(['Ann Archer']);
    const before = process.cpuUsage();
    for (const text of [
      'a'.repeat(200_000),
      '"'.repeat(50_000),
      `${'('.repeat(50_000)}@x`,
      '1 '.repeat(50_000),
      '-'.repeat(200_000),
      '@'.repeat(100_000),
    ])
      hide.text(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(10_000);
  });

  test('addresses are found to their ends, and an at sign alone is none', () => {
    const found = (text: string): readonly string[] => addressesIn(text).map(({ from, to }) => text.slice(from, to));
    const text = 'To a@b.example, "c d"@e.example; <f@[127.0.0.1]>. See g%40h.example!';
    expect(found(text)).toEqual(['a@b.example', '"c d"@e.example', 'f@[127.0.0.1]', 'g%40h.example']);
    expect(found('at noon @ the office, @maya')).toEqual([]);
  });
});
