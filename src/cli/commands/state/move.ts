import { resolve } from 'node:path';

import { RunbackError } from '../../../lib/index.js';
import { isDatabase, type Moved, moveState, openPlace } from '../../../store/index.js';
import { SECRET_REF, type SecretRef } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { count, counted } from '../../views/text/format.js';
import type { Style } from '../../views/text/style.js';

/** `runback state move` */
export const moveVerb: CommandSpec = {
  verb: 'move',
  summary: 'Move incidents, runs, plans and notes to a database, or back to the folder',
  details:
    'Byte for byte, and compared before the old place is left. Nobody may be working on it: no daemon, no run, no lock. Killed at any moment, the same command continues. The old place keeps its copy, and answers store-moved. Snapshots do not move. Changes nothing on any platform.',
  options: [
    {
      flags: '--to <place>',
      description: 'env:NAME (or another reference) that holds a postgres:// address; or the folder .runback',
      required: true,
    },
  ],
  examples: ['runback state move --to env:RUNBACK_STORE_URL', 'runback state move --to .runback'],
  run: move,
};

interface Target {
  readonly place: string;
  /** What runback.yml says then. */
  readonly next: string;
}

async function move(context: CommandContext): Promise<Outcome> {
  const { input, live, clock } = context;
  const session = await context.session();
  const { workspace } = session;
  const target = await targetOf(input.required('to'), session, context.stdio.cwd);
  const source = workspace.config.store === undefined ? workspace.stateDir : await session.secret(workspace.config.store);
  if (source === target.place)
    throw new RunbackError('usage', 'The state is there already', { state: 'Nothing was changed.', next: 'Name the place that it is to move to.' });
  const from = await openPlace(source, clock);
  try {
    const to = await openPlace(target.place, clock);
    try {
      live.start('Moving the state');
      const moved = await moveState(from, to, (done) => live.progress({ task: 'Moving the state', done, unit: 'parts' }));
      live.stop();
      return { data: { ...moved, next: target.next }, text: (style) => movedText(moved, target, style) };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** Throws `usage` for a place that runback.yml could not name. */
async function targetOf(given: string, session: Session, cwd: string): Promise<Target> {
  const { stateDir, root } = session.workspace;
  if (SECRET_REF.test(given)) {
    const url = await session.secret(given as SecretRef);
    if (!isDatabase(url)) throw unusable(`What ${given} holds is no postgres:// address.`);
    return { place: url, next: `In runback.yml, on every machine:  store: ${given}` };
  }
  if (isDatabase(given)) throw unusable('An address may hold a password, which would be seen in the list of processes.');
  const path = resolve(cwd, given);
  if (path !== stateDir && path !== root) throw unusable(`The folder of this workspace is ${stateDir}.`);
  return { place: stateDir, next: 'Take the line with store out of runback.yml.' };
}

function unusable(why: string): RunbackError {
  return new RunbackError('usage', 'The state cannot be moved there', {
    why,
    state: 'Nothing was changed.',
    next: 'Put the address into a variable, then: runback state move --to env:RUNBACK_STORE_URL. Or back: runback state move --to .runback',
  });
}

function movedText({ from, to, parts, bytes }: Moved, { next }: Target, style: Style): string {
  const what = [
    counted(parts.document, 'documents'),
    counted(parts.journal, 'journals'),
    counted(parts.ledger, 'ledgers'),
    counted(parts.agenda, 'agendas'),
  ].join(', ');
  return [
    `${style.glyph.done} Moved and compared: ${what} (${count(bytes)} bytes)`,
    `  From: ${from}`,
    `  To:   ${to}`,
    '  The old place keeps its copy, and takes no changes.',
    `  Next: ${next}`,
  ].join('\n');
}
