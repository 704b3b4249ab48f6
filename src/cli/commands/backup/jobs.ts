import { jobViews, provenOf, pruningView, testedJobs, verificationView } from '../../../backups/index.js';
import { defined } from '../../../lib/index.js';
import { unreadError } from '../../flows/backups/backup-alarms.js';
import { jobsOf } from '../../flows/backups/backup-jobs.js';
import { copyNames } from '../../flows/backups/copies.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { jobsText } from '../../views/backup.js';

/** `runback backup jobs` */
export const jobsVerb: CommandSpec = {
  verb: 'jobs',
  summary: 'Backup jobs: last and next run, age against the target, size and how it changes',
  options: [{ flags: '--systemd', description: 'print a systemd service and timer that run what is due, for machines without the daemon' }],
  examples: ['runback backup jobs', 'runback backup jobs --systemd'],
  run: jobs,
};

async function jobs(context: CommandContext): Promise<Outcome> {
  const session = await context.session();
  if (context.input.flag('systemd')) return await units(context, session);
  const { store, clock } = session;
  const catalog = await session.catalog();
  const { views, unread, trouble } = await jobViews(jobsOf(session), { store, clock, catalog, copies: copyNames(session) });
  const proofs = provenOf(trouble === undefined ? await catalog.list() : []);
  const shown = views.map((view) => ({ ...view, ...defined({ proof: proofs.get(view.job) }) }));
  const { config } = session.workspace;
  const byItself = defined({
    verification: await verificationView(config, store, clock.now()),
    pruning: await pruningView(config, store, clock.now()),
  });
  const error = unreadError(unread) ?? trouble;
  const unreadData = unread.map((one) => ({ job: one.job, error: { code: one.error.code, message: one.error.message } }));
  return {
    data: { jobs: shown, unread: unreadData, ...byItself },
    text: (style) => jobsText(shown, unread, byItself, style),
    ...defined({ error }),
  };
}

/** A timer each: a restore test that takes hours holds no snapshot up. */
async function units({ wiring }: CommandContext, session: Session): Promise<Outcome> {
  const daemon = await wiring.daemon();
  const workspace = session.workspace.root;
  const timer = (name: string, what: string, words: readonly string[]): string => {
    const exec = [process.execPath, process.argv[1] ?? 'runback', ...words, '--due', '--workspace', workspace];
    return daemon.systemdTimer({ exec, workspace, name, what });
  };
  const text = [
    timer('runback-backup', 'backup jobs', ['backup', 'run']),
    ...(testedJobs(jobsOf(session)).length === 0 ? [] : [timer('runback-restore-test', 'restore tests', ['backup', 'test-restore'])]),
    ...(session.workspace.config.backups.verify === undefined ? [] : [timer('runback-verify', 'verification of snapshots', ['snapshot', 'verify'])]),
    ...(session.workspace.config.backups.prune === undefined ? [] : [timer('runback-prune', 'pruning of snapshots', ['backup', 'prune'])]),
  ].join('\n');
  return { data: { units: text }, text: () => text.trimEnd() };
}
