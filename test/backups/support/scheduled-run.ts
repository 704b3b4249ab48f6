import { runBackupJob, jobOf } from '../../../src/cli/flows/backups/backup-jobs.js';
import { Session } from '../../../src/cli/session/session.js';
import type { CommandContext } from '../../../src/cli/shell/command.js';
import { Interrupts } from '../../../src/cli/shell/interrupts.js';
import { Live } from '../../../src/cli/views/live/live.js';
import { makeStyle } from '../../../src/cli/views/text/style.js';
import { Redactor } from '../../../src/lib/index.js';
import type { StoryClock } from './story-clock.js';

/** What came of a job that was looked at: taken, or not due and when it is. */
type Outcome = Awaited<ReturnType<typeof runBackupJob>>;

/** Opens the workspace in a folder, on the clock of a story. Close it. */
export async function openSession(dir: string, clock: StoryClock, by: string, signal = new AbortController().signal): Promise<Session> {
  return await Session.open({ folder: dir, cwd: dir, env: {}, by, clock, redactor: new Redactor(), signal });
}

/** Runs the job `nightly` where it is due: as in a process of its own, as far as a clock of its own allows. */
export async function runDue(dir: string, clock: StoryClock): Promise<Outcome> {
  const interrupts = new Interrupts(
    () => {},
    () => undefined,
    () => {},
  );
  const session = await openSession(dir, clock, 'daemon', interrupts.signal);
  const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => clock.now() });
  const live = new Live({ mode: 'silent', clock, style, stream: process.stderr, emit: () => {}, log: () => {} });
  const context = { clock, interrupts, live, style, call: { signal: interrupts.signal, reporter: live } } as unknown as CommandContext;
  try {
    return await runBackupJob(context, session, jobOf(session, 'nightly'), true);
  } finally {
    await session.close();
  }
}

/** Moves the clock to the next time of the job, and a moment past it. Throws where it was due before. */
export async function moveToNextRun(dir: string, clock: StoryClock): Promise<void> {
  const before = await runDue(dir, clock);
  if (before.state !== 'not-due' || before.next === undefined) throw new Error(`due before its time: ${JSON.stringify(before)}`);
  clock.moveTo(Date.parse(before.next) + 2_500);
}
