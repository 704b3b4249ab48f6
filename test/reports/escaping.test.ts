import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type ReportData, reportHtml, reportMarkdown } from '../../src/reports/index.js';
import { sharedDataDir } from '../support/shared-data.js';
import { tries } from '../support/sweeps.js';
import { storyReport } from './story.js';

const folder = sharedDataDir();
if (folder === undefined) console.log('skipped: no real data beside the repository (../shared/data)');

/** The report with one text in every place where people or platforms put words. */
function fullOf(report: ReportData, text: string): ReportData {
  const example = { object: text, key: text, field: text, action: 'update', from: text, to: text, writer: text };
  const step = { id: 'a', title: text, state: text, error: text, evidence: [text] };
  return {
    ...report,
    title: text,
    summary: text,
    impact: text,
    means: text,
    openedBy: text,
    source: text,
    platforms: [text],
    findings: [text],
    people: [{ id: 'maya', name: text }],
    plans: report.plans.map((plan) => ({ ...plan, objects: [{ object: text, records: 1, fields: 1, links: 0 }], examples: [example] })),
    restores: report.restores.map((one) => ({ ...one, id: text, plan: text, state: text, messages: [text], stoppedBecause: text })),
    runs: report.runs.map((run) => ({ ...run, id: text, title: text, steps: [step] })),
    approvals: report.approvals.map((one) => ({ ...one, by: text, note: text, of: text, run: text })),
    pages: report.pages.map((page) => ({ ...page, to: text, why: text, bundle: text, channel: text })),
    vendors: [{ vendor: text, number: text, at: text, by: text, followUpAt: text }],
    syncs: report.syncs.map((sync) => ({ ...sync, sync: text, pause: text, reason: text, why: text })),
    timeline: [{ at: text, by: text, source: text, text, evidence: { kind: 'run', id: text } }],
  };
}

/** The same in the few places that differ in how they are written: a heading, a paragraph, a task, a cell, code. */
function briefOf(report: ReportData, text: string): ReportData {
  const vendors = [{ vendor: text, number: text, at: text, by: text }];
  const merged = { into: text, absorbed: [{ id: text, title: text }] };
  const none = { plans: [], restores: [], runs: [], approvals: [], pages: [], syncs: [], links: [], timeline: [] };
  return { ...report, ...none, title: text, summary: text, impact: text, findings: [text], vendors, merged };
}

/** Every tag that the report itself writes. */
const OWN_TAG =
  /<(?:!doctype html|\/?(?:html|head|meta|title|style|body|main|h1|h2|div|p|nav|ol|ul|li|a|section|table|caption|thead|tbody|tr|th|td|code|time|strong|figure|figcaption|svg|text|rect|line)(?:\s+[\w:-]+="[^"<>]*")*\s*\/?)>/gu;

function expectOwnHtml(text: string): void {
  const left = text.replace(/<style>[\s\S]*?<\/style>/u, '').replaceAll(OWN_TAG, '');
  expect(left.match(/<[^\n]{0,60}/gu) ?? []).toEqual([]);
  expect(text.replaceAll(/="[^"]*"/gu, '=')).not.toMatch(/<[^<>]*\s(?:on\w+|src|style)\s*=/iu);
  expect((text.match(/ href="[^"]*"/gu) ?? []).filter((href) => !/^ href="#[\w.-]*"$/u.test(href))).toEqual([]);
}

/**
 * Every row of a table has the cells its head has, no line begins with markup of others, and no link leads anywhere but
 * within.
 */
function expectOwnMarkdown(text: string): void {
  const bare = text.replaceAll(/`[^`\n]*`|\\[!-/:-@[-`{-~]/gu, (part) => '·'.repeat(part.length));
  let cells = 0;
  for (const line of bare.split('\n')) {
    const row = line.startsWith('|') ? line.split('|').length : 0;
    if (row === 0) {
      expect(line).toMatch(/^(?:#{1,2} |- \[ \] |\*\*|_|\[|[^\s#>*+~=<|`-]|$)/u);
      expect(line).not.toMatch(/^\d+[.)]/u);
    } else if (cells > 0) expect(row, line).toBe(cells);
    cells = row;
  }
  expect(bare).not.toMatch(/[<>&`]|!\[|https?:\/\/|www\.|@/iu);
  expect((bare.match(/\]\([^)]*\)/gu) ?? []).filter((link) => !/^\]\(#[a-z-]+\)$/u.test(link))).toEqual([]);
}

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><script>alert(1)</script>',
  '</title></svg><a href="https://evil.example">x</a>',
  '[click](javascript:alert(1))',
  '![x](https://evil.example/x.png)',
  '<https://evil.example>',
  'https://evil.example and www.evil.example',
  '| a | b |\n|---|---|\n| c | d |',
  'a | b \\| c \\',
  '`code` ``x` | `',
  '# heading\n## Summary\n---\n===',
  '1. one\n2) two',
  '- [ ] task\n+ x\n* y',
  '> quote\n~~~\n```',
  '&lt;b&gt; &#60;b&#62; &copy;',
  '**bold** __it__ ~~s~~ $x$ :smile:',
  '[ref]: https://evil.example',
  'a@b.example`|<x>@y',
  '${7*7} {{7*7}} <%= 7 %>',
  '\u202Egnp.exe \u0000\u001B[31m \uD800',
  '__proto__',
  'constructor',
];

test.each(ATTACKS)('what people wrote stays text in both files: %j', async (text) => {
  const report = fullOf(await storyReport(), text);
  for (const personal of [true, false]) {
    expectOwnHtml(reportHtml(report, { personal }));
    expectOwnMarkdown(reportMarkdown(report, { personal }));
  }
});

test.skipIf(folder === undefined)('the same with every naughty string', async () => {
  const strings = JSON.parse(readFileSync(join(folder ?? '', 'naughty-strings.json'), 'utf8')) as string[];
  expect(strings.length).toBeGreaterThan(400);
  const report = await storyReport();
  for (const text of strings) {
    expectOwnHtml(reportHtml(briefOf(report, text), { personal: true }));
    expectOwnMarkdown(reportMarkdown(briefOf(report, text), { personal: true }));
  }
});

test('the same with any text', async () => {
  const report = await storyReport();
  const pieces = [...Array.from('<>|\\`*_[]()#-.:/@&\n "\'~=!w1'), 'http', 'www.', '&#', '](', '|-|'];
  const markup = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(markup, fc.string({ unit: 'binary', maxLength: 20 })), (text) => {
      expectOwnHtml(reportHtml(briefOf(report, text), { personal: true }));
      expectOwnMarkdown(reportMarkdown(briefOf(report, text), { personal: true }));
    }),
    { numRuns: tries(1000) },
  );
});
