import { readdir } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';

import { type BadSync, stageBadSync } from '../../drills/index.js';
import { EXIT, RunbackError } from '../../lib/index.js';
import { type Score, writePracticeWorkspace } from '../../stages/index.js';
import { isRepaired, nightlySnapshot, scoreText, tellDamage } from '../flows/restores/rehearsal.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { count } from '../views/text/format.js';
import { visible } from '../views/text/visible.js';
import { wrap } from '../views/text/width.js';

/** Who is on call in the practice workspace. */
const ON_CALL = 'maya';
const FOLDER = 'runback-practice';

/** How often the account is compared with what it should hold. */
const LOOK_EVERY_MS = 1000;

/**
 * A workspace with an account to repair: the good snapshot is taken first, then the sync goes wrong. Stays until
 * Ctrl-C.
 */
async function practice(context: CommandContext): Promise<Outcome> {
  const { input, live, style, stdio, globals } = context;
  const folder = resolve(stdio.cwd, input.argument('folder') ?? globals.workspace ?? FOLDER);
  await requireEmpty(folder);
  const contacts = input.integer('contacts', 50) ?? 300;
  const sizes = { contacts, companies: Math.max(10, Math.round(contacts / 6)), deals: Math.max(5, Math.round(contacts / 10)) };
  const say = (text: string): void => live.print(wrap(text, style.width).join('\n'));
  say(`A HubSpot sandbox starts on this machine, with ${count(contacts)} contacts. Nothing leaves this machine.`);
  live.start('Filling the sandbox');
  const story = await stageBadSync({ ...sizes, seed: input.integer('seed') ?? 20_261_122 });
  try {
    await writePracticeWorkspace(folder, { hubspot: story.sandbox.url, sync: story.integration.url, token: story.sandbox.token });
    live.stop();
    say(`${style.glyph.done} Workspace: ${folder}`);
    await nightlySnapshot(context, folder);
    tellDamage(story, say);
    context.event({ type: 'went-wrong', folder, url: story.sandbox.url, sync: story.integration.url });
    tellWhatToDo(context, folder);
    const score = await watch(context, story);
    return {
      data: { folder, repaired: isRepaired(score), score },
      text: (out) => `\n${scoreText(score, out)}\n\nThe sandbox has ended. The workspace stays: ${folder}`,
      exit: isRepaired(score) ? EXIT.done : EXIT.differences,
    };
  } finally {
    await story.stop();
    live.stop();
  }
}

/** Nobody's files are written over. */
async function requireEmpty(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  if (there.length === 0) return;
  throw new RunbackError('usage', `${folder} is there already, and is not empty`, {
    why: 'A practice workspace starts in a new folder: its account is forgotten when the practice ends.',
    state: 'Nothing was changed.',
    next: `runback practice ${basename(folder)}-2`,
  });
}

function tellWhatToDo({ live, style, stdio }: CommandContext, folder: string): void {
  const there = relative(stdio.cwd, folder);
  const go = there === '' ? [] : [`cd ${/^[\w./-]+$/u.test(there) ? there : `'${there.replaceAll("'", String.raw`'\''`)}'`}`];
  const lines = [
    ...wrap('Your turn. You are Maya Ortiz, on call. Open a second terminal here and type:', style.width).map((line) => style.chalk.bold(line)),
    ...[...go, `runback respond --as ${ON_CALL}`].map((line) => `  ${visible(line)}`),
    '',
    ...wrap(
      'It finds out what happened, and shows it in groups. What is damage is marked; loyalty_points, which the sync wrote correctly, is among the ordinary work, and is left. Take the links and new records of the sync with the space bar. Or choose "I know what I see": it pages the right people (their pages go into pages.log), and leads you through a runbook.',
      style.width,
    ),
    '',
    ...wrap(
      `Wrong answers cause no damage here. Press Ctrl-C at any time, and continue with: runback respond --as ${ON_CALL} (a restore: runback restore resume latest; a runbook: runback runbook resume)`,
      style.width,
    ),
    ...wrap('This terminal tells you when everything is restored. Ctrl-C here ends the practice and its account.', style.width),
  ];
  live.print(lines.join('\n'));
}

/** Compares the account with what it should hold until Ctrl-C; a colleague works on as soon as the sync is paused. */
async function watch(context: CommandContext, story: BadSync): Promise<Score> {
  const { live, style, call, event } = context;
  let colleague = false;
  let repaired = false;
  const look = setInterval(() => {
    if (story.integration.paused && !colleague) {
      colleague = true;
      story.colleagueWorks();
    }
    const now = isRepaired(story.score());
    if (now && !repaired) {
      event({ type: 'repaired' });
      live.print(
        `\n${style.glyph.done} Restored: no damaged value is left, and nothing that people wrote was lost.\n  See what was recorded: runback incident report latest --to report.html\n  Ctrl-C ends the practice.`,
      );
    }
    repaired = now;
  }, LOOK_EVERY_MS);
  try {
    await new Promise<void>((resolve) => {
      if (call.signal.aborted) resolve();
      else call.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return story.score();
  } finally {
    clearInterval(look);
  }
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Practice: a sandbox and a workspace in which a sync goes wrong, for you to restore',
    details:
      'Makes the folder, starts a HubSpot sandbox on this machine, takes the base snapshot, and only then lets a sync go wrong. Says what to type in a second terminal, and when everything is restored. Ctrl-C ends it.',
    args: [{ name: 'folder', description: `a new folder (default: ${FOLDER})`, optional: true, kind: 'file' }],
    options: [
      { flags: '--contacts <n>', description: 'contacts in the account; default 300' },
      { flags: '--seed <n>', description: 'the same number gives the same records' },
    ],
    examples: ['runback practice', 'runback practice ~/rehearsal'],
    run: practice,
  },
];
