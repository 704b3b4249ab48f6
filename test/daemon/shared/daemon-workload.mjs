// A daemon of a workspace whose state is shared, by the clock of a test. Backup jobs run in this process, as `backup run JOB --due` runs
// them; of the scheduled drills another program stands in. Arguments: folder of the workspace; file of the clock. Says `taken JOB` when one was
// run to its end.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { backupTicker, jobWork } from '../../../dist/backups/index.js';
import { jobOf, runBackupJob } from '../../../dist/cli/flows/backups/backup-jobs.js';
import { Crew } from '../../../dist/cli/flows/crew.js';
import { drillTicker } from '../../../dist/cli/flows/drills/drill-schedule.js';
import { monitorTicker } from '../../../dist/cli/flows/monitors/ticker.js';
import { FreshSession } from '../../../dist/cli/session/fresh.js';
import { Session } from '../../../dist/cli/session/session.js';
import { Interrupts } from '../../../dist/cli/shell/interrupts.js';
import { Live } from '../../../dist/cli/views/live/live.js';
import { makeStyle } from '../../../dist/cli/views/text/style.js';
import { runDaemon } from '../../../dist/daemon/index.js';
import { Incidents } from '../../../dist/incidents/index.js';
import { Redactor } from '../../../dist/lib/index.js';

/**
 * A clock that several processes share: a file says which time it was at a moment, and how many times as fast it runs since then. Durations,
 * leases and whatever a database times stay those of the machine.
 */
function sharedClock(path) {
  return {
    now: () => {
      const { at, since, rate } = JSON.parse(readFileSync(path, 'utf8'));
      return new Date(at + (Date.now() - since) * rate);
    },
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          reject(signal.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', end);
          resolve();
        }, ms);
        if (signal?.aborted) end();
        else signal?.addEventListener('abort', end, { once: true });
      }),
  };
}

const [, , dir, clockFile] = process.argv;
const clock = sharedClock(clockFile);
const say = (line) => process.stdout.write(`${line}\n`);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const openSession = async () =>
  await Session.open({ folder: dir, cwd: dir, env: process.env, by: 'daemon', clock, redactor: new Redactor(), signal: stop.signal });

async function run(name) {
  const session = await openSession();
  const interrupts = new Interrupts(
    () => {},
    () => undefined,
    () => {},
  );
  const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => clock.now() });
  const live = new Live({ mode: 'silent', clock, style, stream: process.stderr, emit: () => {}, log: () => {} });
  const context = { clock, interrupts, live, style, call: { signal: interrupts.signal, reporter: live } };
  try {
    const outcome = await runBackupJob(context, session, jobOf(session, name), true);
    say(`${outcome.state} ${name}`);
  } catch (error) {
    say(`failed ${name}: ${error.message}`);
  } finally {
    await session.close();
  }
}

const session = await openSession();
const { store } = session;
const crew = new Crew(store, clock, say);
const works = () => Promise.resolve(Object.values(session.workspace.config.backups.jobs).map((job) => jobWork(store, job, run)));
const backups = backupTicker({ clock, works, once: false, offer: async (name) => await crew.offer('backups', name) });
crew.does('backups', 5, backups.run);
// What the ticker of drills starts.
process.argv[1] = fileURLToPath(new URL('drill-workload.mjs', import.meta.url));
const context = { clock, input: { flag: () => false }, call: { signal: stop.signal }, stdio: { env: process.env } };
const drills = drillTicker(session, context, say, crew);
const monitors = monitorTicker(new FreshSession(session, say), context, say, crew);
const joining = crew.join();
await runDaemon({
  store,
  clock,
  signal: stop.signal,
  incidents: new Incidents({ store, clock, escalation: undefined, outbox: undefined, links: {} }),
  outbox: undefined,
  by: 'daemon',
  log: say,
  runs: () => Promise.resolve([]),
  pauses: () => Promise.resolve([]),
  tickers: [backups, drills, monitors],
});
await joining;
await crew.close();
await session.close();
