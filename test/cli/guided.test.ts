import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Incident, Incidents } from '../../src/incidents/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { KEY, openTerminal, REDRAW, type Terminal, type TerminalOptions } from './support/terminal.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

let workspace: TestWorkspace;
let before: Map<string, string | undefined>;
let damagedAt: Date;
let open: Terminal[] = [];
const start = (args: readonly string[], options: TerminalOptions = {}): Terminal => {
  const terminal = openTerminal(args, { cwd: workspace.dir, rows: 40, ...options });
  open.push(terminal);
  return terminal;
};
beforeEach(async () => {
  workspace = await openWorkspace(40);
  await workspace.base();
  damagedAt = new Date();
  before = workspace.damage(15);
});
afterEach(async () => {
  for (const terminal of open) await terminal.dispose();
  open = [];
  await workspace.close();
});

/** One level: a program that keeps what it is told. */
const ESCALATION = `version: 1
timezone: UTC
people: { maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] } }
channels: { book: { type: command, run: [tee, -a, pages.log] } }
severities: { sev1: { means: Customer data is being corrupted or lost, policy: critical, quiet_hours: ignore } }
policies: { critical: { levels: [{ notify: ["channel:book"], ack_within: 5m }] } }
`;

const repaired = (): boolean => [...before].every(([id, title]) => workspace.title(id) === title);
const untouched = (): boolean => [...before.keys()].every((id) => workspace.title(id) === 'Intern');
const damaged = (): number => [...before.values()].filter((title) => title !== 'Intern').length;

/** Goes through the run to a question, answering what comes before. */
async function upTo(terminal: Terminal, question: 'platform' | 'base' | 'review' | 'confirm' | 'manual'): Promise<void> {
  await terminal.waitFor('Which platform holds');
  if (question === 'platform') return;
  terminal.type(KEY.enter);
  await terminal.waitFor('Which snapshot is good?');
  if (question === 'base') return;
  terminal.type(KEY.enter);
  await terminal.waitFor(/\? Does this look like the damage\?/u);
  if (question === 'review') return;
  terminal.type(KEY.enter);
  await terminal.waitFor(/Type sandbox:\d+ to go ahead/u);
  if (question === 'confirm') return;
  terminal.type(`sandbox:${damaged()}${KEY.enter}`);
  await terminal.waitFor('When it is done');
}

describe('a guided run at a real terminal', () => {
  test('leads from what somebody sees to a proved repair and the report, telling the right people first', async () => {
    await writeFile(join(workspace.dir, 'escalation.yml'), ESCALATION);
    const terminal = start([]);
    await terminal.waitFor('What do you need?');
    terminal.type(KEY.enter);
    await terminal.waitFor('Where do you start?');
    terminal.type(`${KEY.down}${KEY.enter}`);
    await terminal.waitFor(/What do you see\?[^]*One job title appears on many records/u);
    terminal.type(KEY.enter);
    await terminal.waitFor(/How bad is it\?[^]*Customer data is being corrupted/u);
    terminal.type(KEY.enter);
    await terminal.waitFor('In one sentence');
    terminal.type(KEY.enter);
    await terminal.waitFor('Where do you see it?');
    terminal.type(KEY.enter);
    await terminal.waitFor('Acknowledge it');
    // Somebody was told before anything else, and it is said that nothing goes on by itself.
    expect(terminal.screen()).toContain('No daemon is running here');
    expect(await readFile(join(workspace.dir, 'pages.log'), 'utf8')).toContain('One job title appears on many records');
    terminal.type(KEY.enter);
    await terminal.waitFor('Which runbook?');
    terminal.type(KEY.enter);
    await terminal.waitFor('Which snapshot is good?');
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Does this look like the damage\?/u);
    expect(terminal.screen()).toMatch(/jobtitle\s+Intern\s+→/u);
    expect(untouched()).toBe(true);
    terminal.type(`${KEY.down}${KEY.down}${KEY.enter}`);
    await terminal.waitFor('Changes (type to search)');
    terminal.type(`${KEY.down}${KEY.enter}`);
    await terminal.waitFor(/Who did it[^]*\? Changes \(type to search\)[^]*> /u);
    // The page that opens the record, and the list as it was: the cursor on the record that was looked at.
    expect(terminal.screen()).toMatch(/Open it +https:\/\/app\.hubspot\.com\/contacts\/\d+\/record\/0-1\/\d+/u);
    terminal.type(`${KEY.up}${KEY.enter}`);
    await terminal.waitFor(/Does this look like the damage\?[^>]*> yes: changes \d+ records, after one more question/u);
    terminal.type(KEY.enter);
    await terminal.waitFor(/Type sandbox:\d+ to go ahead/u);
    expect(terminal.screen()).toContain('How to undo');
    terminal.type(`production:1${KEY.enter}`);
    await terminal.waitFor('Nothing was written.');
    expect(untouched()).toBe(true);
    terminal.type(`${'\u007F'.repeat(12)}sandbox:${damaged()}${KEY.enter}`);
    await terminal.waitFor('When it is done');
    terminal.type(KEY.enter);
    await terminal.waitFor('A note for the record');
    terminal.type(`told them${KEY.enter}`);
    await terminal.waitFor('Files to keep as evidence');
    terminal.type(KEY.enter);
    await terminal.waitFor('Has it ended?');
    expect(terminal.screen()).toMatch(/✓ 8\/8 Start the syncs again \(done/u);
    terminal.type(KEY.enter);
    expect(await terminal.exited).toBe(0);
    expect(repaired()).toBe(true);
    expect(workspace.paused()).toBe(false);
    const report = await runHere(['incident', 'report', 'latest', '--to', 'report.html', '--json'], { cwd: workspace.dir });
    expect(report.code).toBe(0);
    expect(jsonLines(report.stdout).at(-1)).toMatchObject({
      data: { report: { status: 'resolved', personal: false, valuesInText: [], runs: [{ runbook: 'small' }], restores: [{}] } },
    });
    const html = await readFile(join(workspace.dir, 'report.html'), 'utf8');
    expect(html).toContain('Undo wrong job titles');
    expect(html).not.toContain('<script');
    const shown = await runHere(['incident', 'show', 'latest'], { cwd: workspace.dir });
    expect(shown.stdout).toMatch(/Run\s+run-[\s\S]*Restore\s+restore-/u);
  });

  test('what was found out is an incident before anything is written: routed, with window, writers and groups, and mitigated at the end', async () => {
    await writeFile(join(workspace.dir, 'escalation.yml'), ESCALATION);
    const terminal = start(['respond']);
    await terminal.waitFor('Where do you start?');
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    // It may turn out to be nothing: until someone says that it is damage, nobody is paged.
    await expect(readFile(join(workspace.dir, 'pages.log'), 'utf8')).rejects.toThrow('ENOENT');
    terminal.type(` ${KEY.down} ${KEY.enter}`);
    await terminal.waitFor(/Does this look like the damage\?/u);
    expect(untouched()).toBe(true);
    const pages = await readFile(join(workspace.dir, 'pages.log'), 'utf8');
    expect(pages).toMatch(/Values changed: contacts jobtitle \(15 records\) on hubspot/u);
    // A page goes through other hands than the platform: no value of a record is in it.
    expect(pages).not.toContain('Intern');
    terminal.type(KEY.enter);
    await terminal.waitFor(/Type sandbox:\d+ to go ahead/u);
    terminal.type(`sandbox:${damaged()}${KEY.enter}`);
    expect(await terminal.exited).toBe(0);
    expect(repaired()).toBe(true);
    const shown = await runHere(['incident', 'show', 'latest', '--json'], { cwd: workspace.dir });
    const { data } = jsonLines(shown.stdout).at(-1) as { data: Incident };
    expect(data).toMatchObject({ severity: 'sev1', status: 'mitigated', platforms: ['hubspot'], source: 'respond' });
    expect(Math.abs(Date.parse(data.beganAt ?? '') - damagedAt.getTime())).toBeLessThan(5000);
    expect(data.summary).toMatch(/Began .* Written by market-sync.* Found by inv-\S+, groups 1, 2\./u);
    expect(data.holder).toBeDefined();
    expect(new Set(data.links.map(({ kind }) => kind))).toEqual(new Set(['investigation', 'snapshot', 'plan', 'restore']));
    expect(terminal.screen().replaceAll(/\s+/gu, ' ')).toContain(`Then the incident: runback incident resolve ${data.id}`);
  });

  test('stopped on the way the incident stays open, and respond continues with the groups that were found', async () => {
    const terminal = start(['respond']);
    await terminal.waitFor('Where do you start?');
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    terminal.type(` ${KEY.down} ${KEY.enter}`);
    await terminal.waitFor(/Does this look like the damage\?/u);
    terminal.type(`n${KEY.enter}`);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen().replaceAll(/\s+/gu, ' ')).toMatch(/Incident inc-\S+ stays open\. Continue it: runback respond/u);
    const again = start(['respond']);
    await again.waitFor('Is it one of these?');
    again.type(KEY.enter);
    await again.waitFor(/What first\?[^]*Choose from the groups that were found/u);
    again.type(KEY.enter);
    await again.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    again.type(` ${KEY.down} ${KEY.enter}`);
    await again.waitFor(/Does this look like the damage\?/u);
    again.type(KEY.enter);
    await again.waitFor(/Type sandbox:\d+ to go ahead/u);
    again.type(`sandbox:${damaged()}${KEY.enter}`);
    expect(await again.exited).toBe(0);
    expect(repaired()).toBe(true);
    const listed = jsonLines((await runHere(['incident', 'list', '--all', '--json'], { cwd: workspace.dir })).stdout).at(-1) as {
      data: { incidents: unknown[] };
    };
    expect(listed.data.incidents).toHaveLength(1);
  });

  test('Ctrl-C at a question says with which command it continues, and that nothing is half-written', async () => {
    const terminal = start(['respond']);
    await terminal.waitFor('Where do you start?');
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    terminal.type(` ${KEY.down} ${KEY.enter}`);
    await terminal.waitFor(/Does this look like the damage\?/u);
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(terminal.screen().replaceAll(/\s+/gu, ' ')).toMatch(/Stopped on request .*nothing is half-written\..* Next runback respond/u);
    expect(workspace.paused()).toBe(false);
  });

  test('what was found out is written only after a yes: no leaves platform and syncs as they are, and the plan to look at', async () => {
    const terminal = start(['respond']);
    await terminal.waitFor('Where do you start?');
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    terminal.type(` ${KEY.enter}`);
    await terminal.waitFor(/Does this look like the damage\? First\s+market-sync will be paused/u);
    terminal.type(`n${KEY.enter}`);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen()).toMatch(/Nothing was written\. The plan stays:\s+runback restore show plan-/u);
    expect(untouched()).toBe(true);
    expect(workspace.paused()).toBe(false);
  });

  test.each(['platform', 'base'] as const)('Ctrl-C at the question "%s" ends with 130 before anything was started', async (question) => {
    const terminal = start(['runbook', 'run', 'small']);
    await upTo(terminal, question);
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(untouched()).toBe(true);
    expect(workspace.paused()).toBe(false);
  });

  test.each(['review', 'confirm', 'manual'] as const)(
    'Ctrl-C at the question "%s" ends with 130, and resuming goes on from there',
    async (question) => {
      const terminal = start(['runbook', 'run', 'small']);
      await upTo(terminal, question);
      terminal.type(KEY.ctrlC);
      expect(await terminal.exited).toBe(130);
      expect(terminal.screen()).toContain('runback runbook resume run-');
      expect(question === 'manual' ? repaired() : untouched()).toBe(true);
      const again = start(['runbook', 'resume']);
      if (question === 'review') {
        await again.waitFor(/\? Does this look like the damage\?/u);
        again.type(KEY.enter);
      }
      if (question !== 'manual') {
        await again.waitFor(/Type sandbox:\d+ to go ahead/u);
        again.type(`sandbox:${damaged()}${KEY.enter}`);
      }
      await again.waitFor('When it is done');
      again.type(KEY.enter);
      await again.waitFor('A note for the record');
      again.type(KEY.enter);
      await again.waitFor('Files to keep as evidence');
      again.type(KEY.enter);
      expect(await again.exited).toBe(0);
      expect(repaired()).toBe(true);
    },
  );

  test('Ctrl-C while records are written stops after the batch, says how to go on, and resuming repairs the rest', async () => {
    const terminal = start(['runbook', 'run', 'small']);
    await upTo(terminal, 'confirm');
    let batches = 0;
    workspace.sandbox.onApplied(async ({ path }) => {
      if (!path.includes('/batch/update')) return;
      batches += 1;
      if (batches > 1) return;
      // The first batch is on the platform, its answer is not out yet: the person presses Ctrl-C now.
      terminal.type(KEY.ctrlC);
      await terminal.waitFor('Press again to stop now.');
    });
    terminal.type(`sandbox:${damaged()}${KEY.enter}`);
    expect(await terminal.exited).toBe(130);
    expect(terminal.screen()).toMatch(/Stopping after this batch.*Press again to stop now\.\nResume: runback runbook resume run-/u);
    expect(batches).toBe(1);
    const again = start(['runbook', 'resume']);
    await again.waitFor('When it is done');
    again.type(KEY.enter);
    await again.waitFor('A note for the record');
    again.type(KEY.enter);
    await again.waitFor('Files to keep as evidence');
    again.type(KEY.enter);
    expect(await again.exited).toBe(0);
    expect(repaired()).toBe(true);
  });

  test('with --accessible the same run has no redraw and one question a line', async () => {
    const terminal = start(['runbook', 'run', 'small', '--accessible']);
    await terminal.waitFor('Which platform holds');
    await terminal.waitFor('Type a number from 1 to 1');
    terminal.type(`1${KEY.enter}`);
    await terminal.waitFor('Which snapshot is good?');
    terminal.type(KEY.enter);
    await terminal.waitFor('Does this look like the damage?');
    await terminal.waitFor(/Type a number from 1 to 3/u);
    terminal.type(`1${KEY.enter}`);
    await terminal.waitFor(/Type sandbox:\d+ to go ahead/u);
    terminal.type(`sandbox:${damaged()}${KEY.enter}`);
    await terminal.waitFor('When it is done');
    terminal.type(`1${KEY.enter}`);
    await terminal.waitFor('A note for the record');
    terminal.type(KEY.enter);
    await terminal.waitFor('Files to keep as evidence');
    terminal.type(KEY.enter);
    expect(await terminal.exited).toBe(0);
    expect(terminal.raw()).not.toMatch(REDRAW);
    expect(repaired()).toBe(true);
  });

  test.each(['0', ''])('with --accessible, "%s" takes no group where nothing is damage for certain', async (typed) => {
    const terminal = start(['respond', '--accessible']);
    await terminal.waitFor(/Where do you start\?[^]*Type a number/u);
    terminal.type(`1${KEY.enter}`);
    await terminal.waitFor(/Which groups are damage\?[^]*or 0 for none \(Enter for none\)/u);
    terminal.type(`${typed}${KEY.enter}`);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen()).toContain('No group was taken');
    expect(untouched()).toBe(true);
  });

  test('a value from a record cannot steer the terminal', async () => {
    const escape = '\u001B]0;owned\u0007\u001B[2J\u202Eevil';
    const [id = ''] = workspace.contacts.slice(20);
    workspace.sandbox
      .writeAs({ type: 'INTEGRATION', id: '4471120' })
      .apply({ action: 'update', object: 'contacts', id, properties: { jobtitle: escape } });
    const terminal = start(['diff', 'latest', 'live', '--key', id]);
    await terminal.exited;
    expect(terminal.raw()).not.toContain('\u001B]0;');
    expect(terminal.raw()).not.toContain('\u001B[2J');
    expect(terminal.raw()).not.toContain('\u202E');
    expect(terminal.screen()).toContain('␛]0;owned');
  });

  test('what a monitor found is one key away from the pause of its sync, and the search knows where and since when', async () => {
    const store = openFileStore({ dir: join(workspace.dir, '.runback'), clock: systemClock, redactor: new Redactor() });
    const incidents = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
    const from = damagedAt.toISOString();
    const found = { alert: 'alert-1', monitors: ['volume'], from, to: new Date().toISOString(), platform: 'hubspot', syncs: ['market-sync'] };
    const opening = { title: 'Far more contacts were changed than usual', severity: 'sev2', platforms: ['hubspot'], source: 'monitor', found };
    await incidents.open(opening, 'monitor');
    const terminal = start(['respond']);
    await terminal.waitFor('Is it one of these?');
    terminal.type(KEY.enter);
    await terminal.waitFor('Acknowledge it');
    terminal.type(KEY.enter);
    await terminal.waitFor(/What first\?[^]*Pause market-sync/u);
    terminal.type(KEY.enter);
    await terminal.waitFor('Back to the earlier state');
    await terminal.waitFor(/Find out what happened on hubspot since \d{4}-\d\d-\d\d \d\d:\d\d UTC[^]*⏎ select/u);
    const { pauses } = (
      jsonLines((await runHere(['sync', 'list', '--json'], { cwd: workspace.dir })).stdout).at(-1) as { data: { pauses: unknown[] } }
    ).data;
    expect(pauses).toHaveLength(1);
    expect(terminal.screen().split('What first?').at(-1)).not.toContain('Pause market-sync');
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    expect(workspace.paused()).toBe(true);
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(untouched()).toBe(true);
  });
});
