import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runback } from './support/child.js';
import { KEY, openTerminal, type Terminal, typeConfirmation } from './support/terminal.js';

/** Answers questions one after the other; what was on the screen before does not count as the next question. */
async function answer(terminal: Terminal, question: RegExp, ...keys: string[]): Promise<void> {
  await terminal.waitFor(question);
  for (const key of keys) terminal.type(key);
}

const WRONG_VALUES = 'Replies addressed to the wrong person. Records have lost their links to companies or deals';
const NO_DAEMON = 'nothing escalates automatically. Start one: runback daemon';

// Four answers: which platform, which groups, yes, and the typed confirmation. What the sync wrote rightly is left
// without anybody knowing of it.
test('a person gets from `runback respond` to a repaired account by taking groups, and nothing else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'runback-practice-'));
  const sandbox = openTerminal(['practice', 'ops'], { cwd: root, columns: 80, rows: 24 });
  let person: Terminal | undefined;
  try {
    await sandbox.waitFor(/Ctrl-C\s+here\s+ends/u);
    person = openTerminal(['respond', '--as', 'maya'], { cwd: join(root, 'ops'), columns: 100, rows: 40 });
    await answer(person, /\? Something is wrong\. Where do you start\?\s+> Find out what happened on hubspot/u, KEY.enter);
    const screen = await person.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
    const offered = screen
      .slice(screen.lastIndexOf('? Which groups'))
      .split('\n')
      .filter((line) => /^[ >]+\S+ \d+ \w/u.test(line));
    const [points = ''] = offered.filter((line) => line.includes('loyalty_points'));
    expect(points).toMatch(/^\s+(?!\[x\]|◉)\S.*\(ordinary\)/u);
    expect(offered.filter((line) => line.includes('would delete them')).length).toBeGreaterThan(0);
    // Too few to be called damage: links and duplicates that the sync is behind are taken by hand.
    let keys = '';
    for (const line of offered) keys += `${/were (?:cut|created) \((?:no sign|you can)/u.test(line) ? ' ' : ''}${KEY.down}`;
    person.type(`${keys}${KEY.enter}`);
    await answer(person, /\? Does this look like the damage\?/u, KEY.enter);
    await typeConfirmation(person);
    await sandbox.waitFor(/Restored: no damaged value is left/u);
    // A colleague corrects records in that very second. Before they are written they are left to people (3); after that, the
    // look at the end finds what the colleague wrote, and no damage (2).
    const code = await person.exited;
    expect([0, 2, 3], person.screen()).toContain(code);
    if (code === 2) expect(person.screen()).toMatch(/another value/u);
    expect(person.screen()).not.toContain('damage is still there');
    expect(person.screen().replaceAll(/\s+/gu, ' ')).toMatch(/Paused: crm-to-marketing\. .* runback sync resume pause-\S+/u);
    // It is on record, and whoever is on call was told.
    expect(person.screen()).toMatch(/\[sev3\] Values changed: contacts phone[^]*runback incident resolve inc-\S+/u);
    sandbox.type(KEY.ctrlC);
    expect(await sandbox.exited).toBe(0);
    expect(sandbox.screen()).toMatch(/innocent cells changed +✓ 0 of[^]*legitimate edits kept +✓ 100 %/u);
  } finally {
    await person?.dispose();
    await sandbox.dispose();
    await rm(root, { recursive: true, force: true });
  }
});

// The other path, in the words of its screens. A person who goes wrong on the way is led back, and nothing is deleted by
// Enter alone.
test.each([60])('a newcomer is led from `runback practice` to a repaired account, past wrong answers, in %i columns', async (columns) => {
  const root = await mkdtemp(join(tmpdir(), 'runback-practice-'));
  const sandbox = openTerminal(['practice', 'ops', '--contacts', '80'], { cwd: root, columns: 60, rows: 24 });
  let person: Terminal | undefined;
  try {
    expect(await sandbox.waitFor(/Ctrl-C\s+here\s+ends/u)).toMatch(/cd ops\s+runback respond --as maya/u);
    const dir = join(root, 'ops');
    expect((await runback(['snapshot', 'list'], { cwd: dir })).stdout).toContain('nightly backup');
    person = openTerminal(['respond', '--as', 'maya'], { cwd: dir, columns, rows: 24 });
    await answer(person, /\? Something is wrong\. Where do you start/u, KEY.down, KEY.enter);
    // Forty symptoms: a few letters find one.
    await answer(person, /\? What do you see/u, 'one value');
    await answer(person, /> One value appears on many records/u, KEY.enter);
    await answer(person, /\? How bad is it/u, KEY.enter);
    await answer(person, /\? In one sentence/u, KEY.enter);
    await answer(person, /\? Where do you see it/u, KEY.enter);
    await answer(person, /\? Acknowledge it/u, KEY.enter);
    // No line is cut in the middle of a word.
    const words = (await person.waitFor(/\? Which runbook\?\s+> Undo a mass overwrite[^]*⏎ select/u)).split(/\s+/u);
    for (const word of `${WRONG_VALUES} ${NO_DAEMON}`.split(' ')) expect(words).toContain(word);
    person.type(KEY.enter);
    await answer(person, /\? Which snapshot was taken before the damage/u, KEY.enter);
    // Too much at first: the yes is taken back where somebody has to approve.
    await answer(person, /contacts loyalty_points[^]*\? Does this look like the damage\?\s+> yes/u, KEY.enter);
    await answer(person, /\? Approve\?\s+> No/u, KEY.enter);
    await answer(person, /Approve\? No[^]*\? Does this look like the damage\?\s+> yes/u, KEY.down, KEY.down, KEY.enter);
    await answer(person, /\? What should the plan be limited to/u, KEY.enter);
    await answer(person, /\? Leave some fields out[^]*loyalty_points \(\d+ changes\)/u, `ai ${KEY.enter}`);
    await answer(person, /all fields but loyalty_points[^]*\? Does this look like the damage\?\s+> yes/u, KEY.enter);
    await answer(person, /limited to[^]*\? Approve\?\s+> No/u, KEY.down, KEY.enter);
    await answer(person, /\? Who are you/u, KEY.enter);
    await answer(person, /\? Type sandbox:\d+/u, `production:1${KEY.enter}`);
    await answer(person, /Nothing was written\./u, '\u007F'.repeat(12));
    await typeConfirmation(person);
    // The cursor stands on what keeps the records; the choice that deletes says so.
    expect(await person.waitFor(/\? Should the created records be deleted\?[^]*> leave[^]*⏎ select/u)).toMatch(/ delete:\s+deletes \d+ records/u);
    person.type(`${KEY.up}${KEY.enter}`);
    await typeConfirmation(person, /records be deleted\? delete[^]*\? Type sandbox:\d+\s+to\s+go/u);
    await answer(person, /\? When it is done/u, KEY.enter);
    await answer(person, /\? A note for the record/u, KEY.enter);
    await writeFile(join(dir, 'seen.txt'), 'what I saw');
    await answer(person, /\? Files to keep as evidence/u, `nowhere.txt${KEY.enter}`);
    await answer(person, /There is no file/u, '\u007F'.repeat(11), `seen.txt${KEY.enter}`);
    await sandbox.waitFor(/Restored: no damaged value is left/u);
    await answer(person, /\? Has it ended/u, KEY.enter);
    await person.exited;
    // The evidence was hashed: a later change of it is found.
    expect((await runback(['runbook', 'evidence', 'latest'], { cwd: dir })).stdout).toMatch(/✓ unchanged, sha256 [0-9a-f]+/u);
    await writeFile(join(dir, 'seen.txt'), 'something else');
    const changed = await runback(['runbook', 'evidence', 'latest'], { cwd: dir });
    expect(changed.stdout).toMatch(/✗ changed since it was saved/u);
    expect(changed.code).toBe(65);
    expect(await readFile(join(dir, 'pages.log'), 'utf8')).toContain('One value appears on many records');
    sandbox.type(KEY.ctrlC);
    expect(await sandbox.exited).toBe(0);
    expect(sandbox.screen()).toMatch(/damaged cells left +✓ 0 of/u);
  } finally {
    await person?.dispose();
    await sandbox.dispose();
    await rm(root, { recursive: true, force: true });
  }
});

test('practice writes into no folder that holds something', async () => {
  const root = await mkdtemp(join(tmpdir(), 'runback-practice-'));
  try {
    await writeFile(join(root, 'mine'), '');
    const { code, stderr } = await runback(['practice', '.'], { cwd: root });
    expect(code).toBe(64);
    expect(stderr).toContain('is not empty');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('--version says which one it is', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  expect(await runback(['--version'])).toMatchObject({ code: 0, stdout: `runback ${version}\n` });
});
