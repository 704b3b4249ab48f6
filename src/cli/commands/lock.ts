import type { NamedLock } from '../../store/index.js';
import { confirmDestructive } from '../session/confirm.js';
import { lockViews, lockWords } from '../session/locks.js';
import { byPrefix } from '../session/prefix.js';
import type { Session } from '../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { visible } from '../views/text/visible.js';

async function list({ session }: CommandContext): Promise<Outcome> {
  const locks = await lockViews(await session(), true);
  return {
    data: { locks },
    text: (style) =>
      locks.length === 0
        ? 'No lock is held.'
        : locks
            .map((lock) => {
              const next = lock.next === undefined ? '' : `\n  Continue ${lock.holder}: ${lock.next.replaceAll('\n', '\n  ')}`;
              return `${lock.life === 'alive' ? style.glyph.running : style.glyph.warning} ${lockWords(lock)}${next}`;
            })
            .join('\n'),
  };
}

/** The journal that tells of a holder's work, if it has one. */
function journalOf({ store }: Session, { holder }: NamedLock): ReturnType<typeof store.journal> | undefined {
  if (holder.startsWith('run-')) return store.journal('runs', holder);
  return holder.startsWith('restore-') ? store.journal('restores', holder) : undefined;
}

/**
 * Takes a lock away from a holder that is gone, without going on with its work: typed, and written into the journal of
 * that work first. A holder that is alive, or renews its lease where it cannot be seen, keeps it.
 */
async function take(context: CommandContext): Promise<Outcome> {
  const { input, session, live } = context;
  const opened = await session();
  const { store, by } = opened;
  const lock = byPrefix(input.required('lock'), await lockViews(opened, true), ({ name }) => name, { what: 'lock', list: 'runback lock list' });
  const owner = { by, holder: `take-${process.pid}`, purpose: `taking ${lock.name} away from ${lock.holder}` };
  // Throws: it is held by a process that is running.
  if (lock.life === 'alive') await (await store.lock(lock.name, owner)).release();
  await confirmDestructive(
    context,
    lock.holder,
    { untouched: 'The lock was not taken.', command: `runback lock take ${lock.name}`, what: 'the id of who holds the lock' },
    () => {
      live.print(
        [
          lockWords(lock),
          '',
          `Its work is not continued, and may be half done.${lock.next === undefined ? '' : ` Better: ${lock.next}`}`,
          'If that process is still running, two will write to one platform. Make sure that it has ended.',
        ].join('\n'),
      );
    },
  );
  if (lock.life === 'unknown') live.start('Watching whether its lease is renewed');
  const journal = journalOf(opened, lock);
  if (journal !== undefined && (await journal.exists())) {
    const writer = await journal.open(owner, { endedBySay: true });
    try {
      const { name, ...from } = lock;
      await writer.append({ by, type: 'lock.taken', data: { lock: name, from } });
    } finally {
      await writer.close();
    }
  }
  const taken = await store.lock(lock.name, owner, {
    breakDead: ({ holder }) => Promise.resolve(holder === lock.holder),
    lapse: true,
    endedBySay: true,
  });
  await taken.release();
  return {
    data: { lock: lock.name, from: lock },
    text: (style) =>
      `${style.glyph.done} ${lock.name} is free: taken from ${visible(lock.by)} (${lock.holder})${lock.next === undefined ? '' : `\n  Its work is still open: ${lock.next.replaceAll('\n', '\n  ')}`}`,
  };
}

export const commands: readonly CommandSpec[] = [
  { verb: 'list', summary: 'Every lock of this workspace: who holds it, whether they are running, which file it is', run: list },
  {
    verb: 'take',
    summary: 'Take a lock from a holder that has ended, without continuing its work',
    details:
      'Better: continue the work or close it, which releases its locks. A running holder keeps its lock, and so does one on another machine that renews its lease. This is written into the journal of that work.',
    args: [{ name: 'lock', description: 'name of the lock, or its beginning' }],
    options: [{ flags: '--confirm <holder>', description: 'id of the run or restore that holds it, for use without a terminal' }],
    examples: ['runback lock take platform-hubspot --confirm run-20261122-164733-k3vq'],
    run: take,
  },
];
