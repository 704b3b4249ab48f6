import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { defined, RunbackError } from '../../lib/index.js';
import type { SecretRef } from '../../workspace/index.js';
import { backupJobsTicker } from '../flows/backups/backup-ticker.js';
import { Crew } from '../flows/crew.js';
import { drillTicker } from '../flows/drills/drill-schedule.js';
import { ESCALATION_FILE } from '../flows/escalation-file.js';
import { monitorTicker } from '../flows/monitors/ticker.js';
import { FreshSession } from '../session/fresh.js';
import { openIncidentSession, troubleText } from '../session/incidents.js';
import { currentEscalation } from '../session/known-escalation.js';
import type { Session } from '../session/session.js';
import type { DaemonModule, DaemonRun } from '../session/wiring.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import type { Input } from '../shell/input.js';

const PORT = 4862;

async function daemon(context: CommandContext): Promise<Outcome> {
  const { input, wiring, clock, call, live, log } = context;
  const session = await context.session();
  const module = await wiring.daemon();
  const asked = input.port('port') ?? PORT;
  const publicUrl = webAddress(input.text('public-url'));
  if (input.flag('print-unit')) return unitOutcome(input, session, module);
  const once = input.flag('once');
  // Pages link to it, so that a free port is chosen before anything is sent.
  const port = asked === 0 && !once ? await module.freePort() : asked;
  const ping = input.text('ping');
  const url = ping === undefined ? undefined : await session.secret(ping as SecretRef);
  const { ackToken } = await import('../../incidents/index.js');
  // With --once nothing answers on the port, so pages link to it only where another address was named.
  const base = publicUrl ?? (once ? undefined : `http://127.0.0.1:${port}`);
  const links = base === undefined ? {} : { base, token: await ackToken(session.store) };
  const say = (line: string): void => {
    log.add('daemon', line);
    if (context.globals.json) context.event({ type: 'daemon', line });
    else live.print(once ? line : `${clock.now().toISOString().slice(0, 19)}Z ${line}`);
  };
  const crew = new Crew(session.store, clock, say);
  const fresh = new FreshSession(session, say);
  const tickers = [
    drillTicker(session, context, say, crew),
    backupJobsTicker(session, fresh, context, say, crew),
    monitorTicker(fresh, context, say, crew),
  ];
  const joining = once ? undefined : crew.join();
  const watchUntilChanged = async (policy: WatchedPolicy, again: boolean): Promise<void> => {
    const incidentSession = await openIncidentSession(session, { by: 'daemon', links });
    try {
      if (!incidentSession.escalation && !incidentSession.trouble) say('This workspace has no escalation.yml: nobody will be paged.');
      await module.runDaemon({
        store: session.store,
        clock,
        signal: once ? call.signal : AbortSignal.any([call.signal, policy.changed]),
        incidents: incidentSession.incidents,
        outbox: incidentSession.outbox,
        by: session.by,
        log: say,
        once,
        ...(once ? {} : { http: { port, ...defined({ publicUrl }), listening: (at) => again || say(`Status page: ${at}`) } }),
        ...(url === undefined ? {} : { ping: { url, environment: context.stdio.env } }),
        runs: () => openRuns(session),
        pauses: async () => await openPauses(await fresh.now()),
        flows: async () => await watchedFlows(await fresh.now()),
        tickers: [policy.ticker, fresh.ticker(), callsTicker(fresh, clock), ...tickers],
      });
    } finally {
      await incidentSession.close();
    }
  };
  try {
    for (let again = false; ; again = true) {
      await watchUntilChanged(await watchPolicy(session), again);
      if (once || call.signal.aborted) break;
      say('escalation.yml has changed and is in use. Open incidents keep the policy they started with.');
    }
  } finally {
    await joining;
    await crew.close();
  }
  return { data: { once }, text: (style) => `${style.glyph.done} ${once ? 'Nothing more is due now.' : 'The daemon has ended.'}` };
}

/** escalation.yml as the daemon goes by it. */
interface WatchedPolicy {
  /** Aborts when another one is there, that can be used. */
  readonly changed: AbortSignal;
  readonly ticker: NonNullable<DaemonRun['tickers']>[number];
}

const KEEP_EVERY_MS = 60_000;

/** Keeps each minute what was counted of calls: a crash loses at most the last one. */
function callsTicker(fresh: FreshSession, clock: CommandContext['clock']): NonNullable<DaemonRun['tickers']>[number] {
  let last = clock.monotonicMs();
  const tick = async (): Promise<{ readonly due: number }> => {
    if (clock.monotonicMs() - last < KEEP_EVERY_MS) return { due: 0 };
    last = clock.monotonicMs();
    await (await fresh.now()).keepCalls();
    return { due: 0 };
  };
  return { name: 'calls', tick };
}

/**
 * Looks at escalation.yml every second. One that cannot be used, or is gone, changes nothing; it is told, and as long
 * as that is so, no ping is sent and `/healthz` says no.
 */
async function watchPolicy(session: Session): Promise<WatchedPolicy> {
  const path = join(session.workspace.root, ESCALATION_FILE);
  const mark = async (): Promise<string> => {
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
  };
  const changed = new AbortController();
  /** The file that the daemon goes by; undefined where that is not the one that is there. */
  let known: string | undefined = await mark();
  if ((await currentEscalation(session)).trouble) known = undefined;
  const tick = async (): Promise<{ readonly due: number }> => {
    const now = await mark();
    if (now === known) return { due: 0 };
    const { trouble } = await currentEscalation(session);
    if (trouble) throw new RunbackError(trouble.code, troubleText(trouble), { cause: trouble });
    known = now;
    changed.abort();
    return { due: 0 };
  };
  return { changed: changed.signal, ticker: { name: ESCALATION_FILE, watches: true, tick } };
}

async function openRuns(session: Session): ReturnType<DaemonRun['runs']> {
  const runbooks = await import('../../runbooks/index.js');
  const { runs } = await runbooks.openRuns(session.store);
  return await Promise.all(runs.map(async (run) => ({ ...run, ...defined({ atWork: await runbooks.workerOf(session.store, run.id) }) })));
}

async function openPauses(session: Session): ReturnType<DaemonRun['pauses']> {
  const pauses = await (await session.syncs()).pauses();
  return pauses.map(({ entries, ...pause }) => ({ ...pause, syncs: entries.map(({ sync }) => sync) }));
}

async function watchedFlows({ store, workspace, clock }: Session): ReturnType<NonNullable<DaemonRun['flows']>> {
  const [{ monitorsView }, { watchingIn }] = await Promise.all([import('../flows/monitors/standings.js'), import('../flows/monitors/watching.js')]);
  const watching = await watchingIn(workspace);
  if (watching === undefined) return { flows: [], silences: [], budgets: [] };
  return await monitorsView(store, watching, workspace.config, clock.now());
}

/** An address as people reach the page, without a slash at its end. Throws `usage`. */
function webAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/u.test(url.protocol) && url.search + url.hash + url.username + url.password === '') return text.replace(/\/+$/u, '');
  throw new RunbackError('usage', `--public-url takes a web address, not "${text}"`, {
    state: 'Nothing was started.',
    next: 'Give an address such as https://runback.example.com',
  });
}

function unitOutcome(input: Input, { workspace }: Session, module: DaemonModule): Outcome {
  const kept = ['port', 'ping', 'public-url'].flatMap((name) => {
    const value = input.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const unit = module.systemdUnit({
    exec: [process.execPath, process.argv[1] ?? 'runback', 'daemon', '--workspace', workspace.root, ...kept],
    workspace: workspace.root,
  });
  return { data: { unit }, text: () => unit.trimEnd() };
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Page, escalate and remind automatically; local status page',
    details:
      'Without it, opening an incident pages the first level and nothing happens after that. A workspace has one, or several that share the work where its state is in a database (docs/teams.md); Ctrl-C or SIGTERM ends it, and if it is killed nothing is lost. docs/daemon.md says what the page shows and how to keep it running.',
    options: [
      { flags: '--once', description: 'do what is due now, wait for pages being sent, end: for cron' },
      { flags: '--port <port>', description: `of the status page on 127.0.0.1; default ${PORT}, 0 takes a free one` },
      { flags: '--public-url <url>', description: 'where people reach the status page: base of the links in pages' },
      { flags: '--ping <ref>', description: "reference (env:NAME, file:PATH) to the address of a dead man's switch" },
      { flags: '--print-unit', description: 'print a systemd unit and end' },
    ],
    examples: ['runback daemon', 'runback daemon --once', 'runback daemon --print-unit > /etc/systemd/system/runback.service'],
    run: daemon,
  },
];
