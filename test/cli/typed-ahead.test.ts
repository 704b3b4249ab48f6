import { afterEach, beforeEach, expect, test } from 'vitest';

import { KEY, openTerminal, type Terminal } from './support/terminal.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

let workspace: TestWorkspace;
let terminal: Terminal | undefined;
beforeEach(async () => {
  workspace = await openWorkspace(20);
  await workspace.base();
  workspace.damage(10);
});
afterEach(async () => {
  await terminal?.dispose();
  await workspace.close();
});

const untouched = (): boolean => workspace.contacts.slice(0, 10).every((id) => workspace.title(id) === 'Intern');

test.each([
  ['with redrawn prompts', [], KEY.enter],
  ['with --accessible', ['--accessible'], `1${KEY.enter}`],
] as const)('keys typed while something works are no answer to the question that comes next, %s', async (_, flags, yes) => {
  // Held open until the keys are typed: the platform answers the last request before the question only then.
  let typed = (): void => {};
  const keysAreTyped = new Promise<void>((resolve) => (typed = resolve));
  const shown = openTerminal(['runbook', 'run', 'small', ...flags], { cwd: workspace.dir, rows: 40 });
  terminal = shown;
  await shown.waitFor('Which platform holds');
  if (flags.length > 0) await shown.waitFor(/Type a number from 1 to 1:/u);
  shown.type(yes);
  await shown.waitFor('Which snapshot is good?');
  if (flags.length > 0) await shown.waitFor(/or Enter for 1:/u);
  let held = false;
  workspace.sandbox.onRequest(async () => {
    if (held) return;
    held = true;
    await keysAreTyped;
  });
  shown.type(KEY.enter);
  await shown.waitFor('8 steps');
  // An early yes, a confirmation of anything, half a word.
  shown.type(`${yes}${yes}yes`);
  // The terminal has them: it shows them by itself while nothing reads them.
  await expect.poll(() => shown.raw()).toContain('yes');
  typed();
  await shown.waitFor(flags.length > 0 ? /Type a number from 1 to 3:/u : /\? Does this look like the damage\?/u);
  expect(shown.screen()).not.toContain('to go ahead');
  // What is typed now counts, from its first key on.
  shown.type(yes);
  await shown.waitFor(/Type sandbox:\d+ to go ahead/u);
  expect(untouched()).toBe(true);
});
