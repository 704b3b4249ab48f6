import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { unknownWithheld } from '../../connectors/index.js';
import { type Clock, defined, EXIT, type ExitCode, isRunbackError, messageOf, RunbackError } from '../../lib/index.js';
import { isLastVerified } from '../../snapshots/index.js';
import { hardLinkProblem } from '../../store/index.js';
import { requireBackupKey } from '../flows/backups/backup-key.js';
import { unsharedIn } from '../flows/crew.js';
import { lackWords, needsOf } from '../flows/doctor/needs.js';
import { unwatchedIn } from '../flows/doctor/unwatched.js';
import { allProposals } from '../flows/investigations/field-proposals.js';
import { runbookFiles } from '../flows/runs/runbook-files.js';
import { checkLocks } from '../session/locks.js';
import type { Session } from '../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { proposalsText } from '../views/field-proposals.js';
import { monitorProposals } from '../views/monitors/proposals.js';
import { count, counted } from '../views/text/format.js';
import type { Style } from '../views/text/style.js';
import { visible, visibleLines } from '../views/text/visible.js';

/** One thing that was looked at. */
interface Check {
  readonly what: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** It works, but a person should know. */
  readonly warning?: true;
  readonly next?: string;
  readonly code?: string;
  readonly exit?: ExitCode;
}

/** Nothing is broken, but a person should know. */
interface Warning {
  readonly warning: string;
}

async function check(what: string, look: () => Promise<string | Warning>): Promise<Check> {
  try {
    const found = await look();
    return typeof found === 'string' ? { what, ok: true, found } : { what, ok: true, found: found.warning, warning: true };
  } catch (error) {
    if (isRunbackError(error, 'interrupted')) throw error;
    if (!isRunbackError(error)) return { what, ok: false, found: messageOf(error), exit: EXIT.failed };
    const { message, why, next, code, exitCode } = error;
    return {
      what,
      ok: false,
      found: why === undefined ? message : `${message}: ${why}`,
      code,
      exit: exitCode,
      ...defined({ next }),
    };
  }
}

async function doctor(context: CommandContext): Promise<Outcome> {
  const { session, live, call, event, clock, input } = context;
  const bundle = input.text('bundle');
  const opened = await session().catch((error: unknown) => {
    if (bundle === undefined || !isRunbackError(error) || isRunbackError(error, 'interrupted')) throw error;
    return error;
  });
  if (isRunbackError(opened)) return await bundledUnloaded(context, opened, String(bundle));
  if (input.flag('probe')) return await probe(context, opened);
  const withHistory = new Set<string>();
  const runbooks = await neededBy(opened);
  const { platforms, syncs } = opened.workspace.config;
  const looks: (readonly [string, () => Promise<string | Warning>])[] = [
    ['Node.js', async () => `version ${process.versions.node}`],
    [
      'Workspace',
      async () => `${opened.workspace.root}, ${counted(Object.keys(platforms).length, 'platforms')}, ${counted(Object.keys(syncs).length, 'syncs')}`,
    ],
    ['State folder', () => writable(opened.workspace.root, opened.workspace.stateDir)],
    ...(opened.workspace.config.store === undefined ? [] : [['State of the team', () => sharedState(opened)] as const]),
    ['Locks', () => checkLocks(opened)],
    ['Storage', async () => await (await opened.catalog()).tryStorage(call)],
    ...(await opened.copies()).map(({ name, catalog }) => [`Copy ${name}`, async () => await catalog.tryStorage(call)] as const),
    ['Snapshots', () => snapshotsOf(opened, clock.now())],
    ['Encryption', () => encryptionOf(opened)],
    ['Forgetting', () => unfinishedForgetting(opened)],
    ['Drills', () => leftDrills(clock)],
    ['Who can write', () => writersOf(opened)],
    ['Watched', () => watchedOf(opened)],
    ...Object.keys(platforms).map((name) => [`Platform ${name}`, () => platformOf(opened, name, { withHistory, runbooks }, call)] as const),
    ...Object.keys(syncs).map((name) => [`Sync ${name}`, () => syncOf(opened, name, withHistory, call)] as const),
  ];
  const checks: Check[] = [];
  for (const [what, look] of looks) {
    if (/^(Platform|Sync) /u.test(what)) live.start(`Asking ${what}`);
    const result = await check(what, look);
    event({ type: 'check', ...result });
    checks.push(result);
  }
  live.stop();
  if (bundle !== undefined) return await bundled(context, opened, checks, bundle);
  if (input.flag('monitors')) return await proposed(context, opened, checks);
  if (!input.flag('fields')) return checked(checks);
  const proposals = await allProposals(context, opened);
  const more = (style: Style): string => [proposalsText(proposals, Object.keys(syncs), style), '', UNWRITTEN].join('\n');
  const outcome = checked(checks);
  return {
    ...outcome,
    data: { checks, proposals },
    text: (style) => (proposals.length === 0 ? checksText(checks, style) : `${checksText(checks, style)}\n${more(style)}`),
  };
}

/** Writes what doctor found, and shapes of what there is, for people who help. */
async function bundled({ stdio, clock }: CommandContext, opened: Session, checks: readonly Check[], name: string): Promise<Outcome> {
  const [{ bundleFiles }, { writeZip }] = await Promise.all([import('../flows/doctor/bundle.js'), import('../flows/doctor/zip.js')]);
  const path = resolve(stdio.cwd, name);
  const { workspace, logDir, redactor } = opened;
  const files = await bundleFiles(
    { root: workspace.root, stateDir: workspace.stateDir, logDir, redact: (text) => redactor.text(text) },
    checks,
    opened,
  );
  await writeZip(path, files, clock.now());
  return bundleOutcome(checks, path, files);
}

/**
 * The same for a workspace that cannot be loaded, which is when most help is needed. Throws what kept it from being loaded where there is no
 * workspace at all.
 */
async function bundledUnloaded({ stdio, clock, globals }: CommandContext, error: RunbackError, name: string): Promise<Outcome> {
  if (error.code === 'workspace-missing') throw error;
  const [{ bundleFiles }, { writeZip }, { findWorkspace }] = await Promise.all([
    import('../flows/doctor/bundle.js'),
    import('../flows/doctor/zip.js'),
    import('../../workspace/index.js'),
  ]);
  const path = resolve(stdio.cwd, name);
  // No secret was resolved.
  const root = globals.workspace === undefined ? await findWorkspace(stdio.cwd) : resolve(stdio.cwd, globals.workspace);
  const failed = await check('Workspace', async () => await Promise.reject(error));
  const problems = (error.data as { readonly problems?: readonly { readonly line: number }[] } | undefined)?.problems ?? [];
  const checks = [{ ...failed, lines: problems.map(({ line }) => line) }];
  const stateDir = join(root, '.runback');
  const files = await bundleFiles({ root, stateDir, logDir: join(stateDir, 'logs'), redact: (text) => text }, checks);
  await writeZip(path, files, clock.now());
  return bundleOutcome([failed], path, files);
}

function bundleOutcome(checks: readonly Check[], path: string, files: ReadonlyMap<string, string>): Outcome {
  const outcome = checked(checks);
  const told = `A bundle for support: ${path}\nIt has no secrets, no values of records and no names of people. Look through it before you send it.`;
  return { ...outcome, data: { checks, bundle: path, files: [...files.keys()] }, text: (style) => `${checksText(checks, style)}\n\n${told}` };
}

const UNWRITTEN = 'Nothing was written to runback.yml.';

function checked(checks: readonly Check[]): Outcome {
  const bad = checks.filter((one) => !one.ok);
  return {
    data: { checks },
    text: (style) => checksText(checks, style),
    ...(bad.length === 0 ? {} : { exit: bad[0]?.exit ?? EXIT.failed }),
  };
}

/** Tries what the description of a platform says of it, and nothing else. */
async function probe({ live, call, event, input }: CommandContext, opened: Session): Promise<Outcome> {
  const names = input.list('platform');
  const platforms = names.length > 0 ? names : Object.keys(opened.workspace.config.platforms);
  const checks: Check[] = [];
  const add = (one: Check): void => {
    event({ type: 'check', ...one });
    checks.push(one);
  };
  for (const name of platforms) {
    live.start(`Trying Platform ${name}`);
    add(
      await check(`Platform ${name}`, async () => {
        const platform = await opened.openPlatform(name, call);
        if (platform.connector.probe === undefined) return 'its connector needs no description, so that there is nothing to try';
        for await (const { what, ...one } of platform.connector.probe(platform.objects, call))
          add({ what: `${name}, ${what}`, ...one, ...(one.ok ? {} : { exit: EXIT.failed }) });
        return `${platform.identity.label} (account ${platform.identity.account}, ${platform.environment})`;
      }),
    );
  }
  return checked(checks);
}

async function writable(root: string, stateDir: string): Promise<string> {
  const there = await access(stateDir).then(
    () => stateDir,
    () => root,
  );
  await access(there, constants.W_OK);
  const problem = await hardLinkProblem(there, `runback-doctor-${process.pid}`);
  if (problem !== undefined)
    throw new RunbackError('disk-denied', `The file system of ${there} has no hard links, which locks need`, {
      why: problem,
      state: 'Nothing was changed.',
      next: 'Move the workspace to a local disk, or to a network folder that has them (not FAT or exFAT).',
    });
  return there === root ? 'does not exist yet; the first write creates it' : stateDir;
}

/** Asks the database of the state; it tells by itself where the clocks differ. */
async function sharedState(opened: Session): Promise<string | Warning> {
  const kinds = await opened.store.kinds('journals');
  const told = `${opened.store.location}${kinds.length === 0 ? ', nothing recorded yet' : ''}`;
  const unshared = await unsharedIn(opened.store).read();
  return unshared === undefined
    ? told
    : { warning: `${told}; scheduled work is not shared between daemons since ${unshared.since} (${unshared.host}): ${unshared.why}` };
}

async function snapshotsOf(opened: Session, now: Date): Promise<string> {
  const { snapshots, ignored } = await (await opened.catalog()).survey();
  const verified = snapshots.find(isLastVerified);
  const age =
    verified === undefined
      ? 'none of them verified'
      : `newest verified one ${count(Math.floor((now.getTime() - Date.parse(verified.startedAt)) / 3_600_000))} h old`;
  const strange = ignored.length === 0 ? '' : `; ${counted(ignored.length, 'files')} there that are no snapshots`;
  return snapshots.length === 0 ? `none yet${strange}` : `${count(snapshots.length)}, ${age}${strange}`;
}

/** Whether what is encrypted can be read here: a lost key is to be noticed before it is needed. */
async function encryptionOf(opened: Session): Promise<string | Warning> {
  const { encrypt, identity } = opened.workspace.config.backups;
  const { snapshots } = await (await opened.catalog()).survey();
  const unreadable = snapshots.filter(({ encrypted }) => encrypted === 'unreadable');
  const told = encrypt === undefined ? 'snapshots are not encrypted' : `for ${counted(encrypt.to.length, 'recipients')}`;
  if (identity === undefined)
    return unreadable.length === 0 && encrypt === undefined ? told : `${told}; no key here, so that no encrypted snapshot can be read`;
  await requireBackupKey(opened, identity);
  return unreadable.length === 0
    ? `${told}; the key here opens all`
    : { warning: `${told}; the key here does not open ${counted(unreadable.length, 'snapshots')}` };
}

/** Somebody was promised that nothing of them is kept here. */
async function unfinishedForgetting({ store }: Session): Promise<string | Warning> {
  const { unfinishedForgets } = await import('../../backups/index.js');
  const [first, ...more] = await unfinishedForgets(store);
  if (first === undefined) return 'done, whatever was asked for';
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return {
    warning: `${first.by} began at ${first.beganAt} to forget a record (${first.id}), and something was left${others}. Run that command again.`,
  };
}

/** What drills that were killed left on this machine; the next `drill run` removes what surely is nobody's any more. */
async function leftDrills(clock: Clock): Promise<string | Warning> {
  const { leftFolders } = await import('../../stages/index.js');
  const { stale, left } = await leftFolders(clock);
  const parts = [
    ...(stale.length === 0 ? [] : [`${counted(stale.length, 'folders')} of drills that were killed: the next \`drill run\` removes them`]),
    ...left.map(({ folder, why }) => `${folder}: ${why}`),
  ];
  return parts.length === 0 ? 'nothing left behind' : { warning: parts.join('; ') };
}

async function writersOf(opened: Session): Promise<string | Warning> {
  const exposures = await (await opened.catalog()).exposures();
  return exposures.length === 0 ? 'only you' : { warning: exposures.join(' ') };
}

/** Which flows nobody watches. To watch none is a choice; to watch some and not others may be an oversight. */
async function watchedOf(opened: Session): Promise<string | Warning> {
  const unwatched = await unwatchedIn(opened);
  const watches = opened.workspace.config.watching !== undefined;
  if (unwatched.length === 0) return watches ? 'each sync, platform, backup job and mapping' : 'there is nothing to watch yet';
  const names = unwatched.map(({ kind, name }) => `${KINDS[kind]} ${name}`).join(', ');
  const said = `nobody watches ${names}: runback doctor --monitors proposes how`;
  return watches ? { warning: said } : said;
}

const KINDS = { sync: 'sync', platform: 'platform', backup: 'backup job', mapping: 'mapping' } as const;

/** With monitors for what nobody watches. Asks platforms what they can tell; writes nothing. */
async function proposed({ live, call }: CommandContext, opened: Session, checks: readonly Check[]): Promise<Outcome> {
  live.start('Looking at what could be watched');
  const unwatched = await unwatchedIn(opened, call);
  const runbooks = await runbookFiles(opened).catch(() => []);
  const alerts = opened.workspace.config.watching === undefined && runbooks.some(({ runbook }) => runbook?.id === 'sync-stopped');
  live.stop();
  const outcome = checked(checks);
  return {
    ...outcome,
    data: { checks, monitors: unwatched },
    text: (style) => `${checksText(checks, style)}\n\n${monitorProposals(unwatched, alerts, style)}`,
  };
}

/** What each runbook of the workspace needs; those that cannot be read are left to `runbook lint`. */
async function neededBy(opened: Session): Promise<NeededBy> {
  // A folder that cannot be read is no reason to say nothing of the rest.
  const files = await runbookFiles(opened).catch(() => []);
  return files.flatMap(({ runbook }) => (runbook === undefined ? [] : [{ id: runbook.id, needs: needsOf(runbook) }]));
}

type NeededBy = Parameters<typeof lackWords>[1];

async function platformOf(
  opened: Session,
  name: string,
  { withHistory, runbooks }: { readonly withHistory: Set<string>; readonly runbooks: NeededBy },
  call: CommandContext['call'],
): Promise<string | Warning> {
  const platform = await opened.openPlatform(name, call);
  if (platform.connector.capabilities.history === 'field') withHistory.add(name);
  const { objects } = await platform.connector.describe(platform.objects, call);
  const unknown = unknownWithheld({ objects, links: [] }, platform.neverStore);
  if (unknown.length > 0) return { warning: `never_store names ${unknown.join(', ')}, which is not there: nothing is left out for it` };
  const refused = objects.filter((object) => object.refused !== undefined);
  const lacks = (await platform.connector.lacks?.(objects, call)) ?? [];
  const advice = [...lackWords(lacks, runbooks), ...((await platform.connector.advice?.(call)) ?? [])];
  const words = [
    `${platform.identity.label} (account ${platform.identity.account}, ${platform.environment})`,
    `${counted(objects.length - refused.length, 'object types')} usable`,
    ...refused.map((object) => `${object.object} not: ${object.refused ?? ''}`),
  ];
  return advice.length === 0 ? words.join('; ') : { warning: [...words, ...advice].join('; ') };
}

/** Its state; and that what it is there to write can be found out, where nobody said it. `withHistory`: platforms that could tell. */
async function syncOf(opened: Session, name: string, withHistory: ReadonlySet<string>, call: CommandContext['call']): Promise<string | Warning> {
  const [view] = await (await opened.syncs()).views([name], call);
  if (view?.status === undefined) throw new Error(view?.problem ?? 'it did not answer');
  const { fields, writes_to: writesTo = [] } = opened.workspace.config.syncs[name] ?? {};
  const unheard = await unheardAutomation(opened, name);
  const isOpen = fields === undefined && writesTo.some((platform) => withHistory.has(platform));
  const told = [
    view.status.state,
    ...(isOpen ? ['what it is there to write is not declared: runback doctor --fields proposes it'] : []),
    ...(view.unproven === true ? [`its controller ${view.controller} is an example that no test proves: try a pause and a resume first`] : []),
    ...(unheard === undefined ? [] : [unheard]),
    ...view.status.warnings,
  ].join('; ');
  return view.unproven === true || unheard !== undefined || view.status.warnings.length > 0 ? { warning: told } : told;
}

/** An automation of a platform that no `reacts_to` tells of: a restore there would start while it runs, and set it off. */
async function unheardAutomation({ workspace }: Session, name: string): Promise<string | undefined> {
  const { automationOf } = await import('../../syncs/index.js');
  const { syncs, platforms } = workspace.config;
  const sync = syncs[name];
  if (sync === undefined || sync.reacts_to !== undefined) return undefined;
  const connector = await automationOf(sync.controller, workspace.root);
  const own = Object.keys(platforms).filter((platform) => platforms[platform]?.connector === connector);
  if (connector === undefined || own.length === 0) return undefined;
  return `it is set off by records of ${own.join(', ')}, and reacts_to does not say so: a restore there would not wait for it. Add reacts_to: [${own.join(', ')}]`;
}

function checksText(checks: readonly Check[], style: Style): string {
  const lines = checks.map((one) => {
    const mark =
      one.warning === true
        ? style.chalk.yellow(style.glyph.warning)
        : one.ok
          ? style.chalk.green(style.glyph.done)
          : style.chalk.red(style.glyph.failed);
    const next = one.next === undefined ? '' : `\n    Next: ${visibleLines(one.next).replaceAll('\n', '\n          ')}`;
    return `${mark} ${visible(one.what)}: ${one.ok ? '' : 'problem: '}${visibleLines(one.found).replaceAll('\n', '\n    ')}${next}`;
  });
  const bad = checks.filter((one) => !one.ok).length;
  const warnings = checks.filter((one) => one.warning === true).length;
  if (bad === 0 && warnings > 0) return `${lines.join('\n')}\n\nEverything works, with ${counted(warnings, 'warnings')}. Nothing was changed.`;
  return `${lines.join('\n')}\n\n${bad === 0 ? 'Everything is in order. Nothing was changed.' : `${counted(bad, 'problems')}. Nothing was changed.`}`;
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Check workspace, credentials, platforms and syncs; changes nothing',
    details:
      'Asks every platform who it is and compares that with runback.yml; says what the credentials may not do, and which runbooks need it. --bundle also writes a zip for people who help: versions, findings, the schema of the newest snapshot, and the shapes of workspace files, log and journals, without secrets, values of records, names and addresses. The exit status is that of the first problem. With --fields it also looks at who wrote what in the last 30 days, where the platform keeps a history of fields: up to 20 records of each day and object type, for at most 1 % of the requests that are left today. It proposes what each sync is there to write (syncs.*.fields), which makes questions of an investigation verdicts, and prints it for you to put into runback.yml.',
    options: [
      { flags: '--fields', description: 'propose what each sync is there to write, from the history of the last 30 days' },
      { flags: '--monitors', description: 'propose monitors for what nobody watches, to put into runback.yml' },
      {
        flags: '--bundle <file>',
        description: 'also write a zip for support: versions, findings and shapes, without secrets and values',
        kind: 'file',
      },
      { flags: '--probe', description: 'only try, by reading, whether described platforms are as their files say' },
      { flags: '--platform <name>', description: 'with --probe: only this platform (repeatable)', kind: 'platform', repeat: true },
    ],
    examples: [
      'runback doctor',
      'runback doctor --bundle support.zip',
      'runback doctor --fields',
      'runback doctor --monitors',
      'runback doctor --probe --platform crm',
    ],
    run: doctor,
  },
];
