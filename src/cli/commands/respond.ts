import type { Incident, Incidents } from '../../incidents/index.js';
import { isRunbackError } from '../../lib/index.js';
import type { Runbook, RunView } from '../../runbooks/index.js';
import { isUsable } from '../flows/investigations/investigation.js';
import { inIncident } from '../flows/investigations/on-record.js';
import { lacksSnapshot, withoutSnapshot } from '../flows/restores/without-snapshot.js';
import { firstMove } from '../flows/runs/first-move.js';
import { headlineOf, headlineText } from '../flows/runs/report.js';
import { severityOf } from '../flows/runs/respond.js';
import { runFor } from '../flows/runs/run.js';
import { findRunbook, runbookFiles } from '../flows/runs/runbook-files.js';
import type { Choice } from '../prompts/asker.js';
import { daemonRuns, deliverNow, type IncidentSession, nameOf } from '../session/incidents.js';
import type { Session } from '../session/session.js';
import { refuseUnsound } from '../session/unsound.js';
import { withIncidents } from '../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { incidentBlock, pagingText } from '../views/incident.js';
import { runText } from '../views/run.js';
import { proofText } from '../views/runbook.js';
import { visible } from '../views/text/visible.js';
import { repairByGroups } from './restore/by-groups.js';
import { continueRepair, stoppedRestore } from './restore/continue-stopped.js';

/** What a person sees, and the runbook that is for it. */
interface Sight {
  readonly symptom: string;
  readonly runbook: Runbook | undefined;
}

/**
 * From what somebody sees to a finished repair: incident, pages, runbook, end. Each step is a question with a way out.
 */
async function respond(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession, session) => {
    const asker = await context.asker('runback incident open "…" --severity …');
    const open = await openOne(context, incidentSession);
    const platform = open === undefined ? await platformToInvestigate(context, session) : undefined;
    if (platform !== undefined) {
      const half = await stoppedRestore(context, session, [platform]);
      if (half !== undefined) return await continueRepair(context, session, half);
      return await repairByGroups(context, session, { platform, record: inIncident(context, incidentSession, session) });
    }
    const incident = open ?? (await reportOne(context, incidentSession, session));
    const told = await deliverNow(incidentSession, session, incident);
    context.live.print(`\n${incidentBlock(told, context.style)}`);
    const paging = pagingText(told, await daemonRuns(session), incidentSession.escalation !== undefined, context.style);
    if (paging !== '') context.live.print(paging);
    const mine = await takeIt(context, incidentSession.incidents, told, session.by);
    const stopped = await stoppedRestore(context, session, mine.platforms);
    if (stopped !== undefined) {
      const record = inIncident(context, incidentSession, session, mine);
      return await continueRepair(context, session, stopped, { record, incident: mine.id });
    }
    const search = await firstMove(context, session, mine);
    if (search !== undefined)
      return await repairByGroups(context, session, { ...search, record: inIncident(context, incidentSession, session, mine) });
    const sights = (await sightsOf(session)).filter(({ runbook }) => runbook !== undefined);
    const runbook = await chooseRunbook(context, mine, sights);
    if (runbook === undefined) return outcomeOf(mine, undefined);
    await refuseUnsound(runbook);
    await warnUnproven(context, session, runbook);
    if (await lacksSnapshot(session, mine, runbook)) {
      await withoutSnapshot(context, session, mine);
      return outcomeOf(await incidentSession.incidents.read(mine.id), undefined);
    }
    const run = await runFor(context, { incidents: incidentSession.incidents, id: mine.id }, { runbook, inputs: inputsFrom(mine, runbook) }).catch(
      (error: unknown) => {
        if (isRunbackError(error)) context.live.print(`\n  Then continue here: runback respond   (incident ${mine.id})`);
        throw error;
      },
    );
    context.live.print(`\n${runText(run, context.style)}`);
    const now = await incidentSession.incidents.read(mine.id);
    if (run.state !== 'succeeded') return await endOf(session, now, run);
    const over = await asker.confirm({ message: 'Has it ended? Then the incident is resolved and everyone who was paged is told', default: true });
    if (!over) return await endOf(session, now, run);
    const { resolve } = await import('../../incidents/index.js');
    const resolved = await resolve(incidentSession.incidents, mine.id, `${run.title}: ${run.id} succeeded`, { by: session.by, source: 'respond' });
    return await endOf(session, await deliverNow(incidentSession, session, resolved), run);
  });
}

/** Says where no drill has shown that a runbook works as it is now. It is not the moment to refuse one. */
async function warnUnproven({ live, style }: CommandContext, { store }: Session, runbook: Runbook): Promise<void> {
  const { proofOf } = await import('../../drills/index.js');
  const proof = await proofOf(store, runbook).catch((error: unknown) => {
    if (isRunbackError(error)) return undefined;
    throw error;
  });
  if (proof !== undefined && proof.state !== 'proven')
    live.print(`${style.glyph.warning} This runbook: ${proofText(proof, style)}. Read each step before you say yes.`);
}

/** After a run: what it came to, in the words of the report's headline. */
async function endOf(session: Session, incident: Incident, run: RunView): Promise<Outcome> {
  const [headline, { headlineLines }] = await Promise.all([headlineOf(session, incident), import('../../reports/index.js')]);
  if (headline === undefined) return outcomeOf(incident, run);
  return outcomeOf(incident, run, { headline, lines: headlineLines(headline) });
}

function outcomeOf(incident: Incident, run: RunView | undefined, end?: { readonly headline: unknown; readonly lines: readonly string[] }): Outcome {
  return {
    data: { incident, run: run ?? null, ...(end === undefined ? {} : { headline: end.headline }) },
    text: (style) =>
      [
        '',
        incidentBlock(incident, style),
        ...(end === undefined ? [] : [`  ${headlineText(end.lines, style)}`]),
        `  What happened: runback incident show ${incident.id}`,
        `  The report:    runback incident report ${incident.id} --to report.html`,
      ].join('\n'),
  };
}

/** An incident that is open and meant; undefined where it is something new. */
async function openOne(context: CommandContext, { incidents }: IncidentSession): Promise<Incident | undefined> {
  const listed = (await incidents.listOpen()).filter(({ drill }) => drill === undefined);
  if (listed.length === 0) return undefined;
  const asker = await context.asker('<incident>');
  const chosen = await asker.choose<string | undefined>({
    message: 'Is it one of these?',
    choices: [
      ...listed.slice(-20).map((one) => ({ value: one.id, name: nameOf(one), description: one.id })),
      { value: undefined, name: 'No, it is something new', description: 'Opens an incident.' },
    ],
  });
  return chosen === undefined ? undefined : await incidents.read(chosen);
}

/**
 * The platform on which a person wants to find out what happened; undefined where they know what they see, or no
 * platform has a snapshot to compare with.
 */
async function platformToInvestigate(context: CommandContext, session: Session): Promise<string | undefined> {
  const snapshots = (await (await session.catalog()).list()).filter(isUsable);
  const fitting = Object.values(session.workspace.config.platforms).filter(({ name: wanted }) =>
    snapshots.some(({ platforms }) => platforms.some(({ name }) => name === wanted)),
  );
  if (fitting.length === 0) return undefined;
  const asker = await context.asker('runback investigate --platform <name>');
  return await asker.choose<string | undefined>({
    message: 'Something is wrong. Where do you start?',
    choices: [
      ...fitting.map(({ name }) => ({
        value: name,
        name: `Find out what happened on ${visible(name)}`,
        beside: 'compares it with an earlier snapshot, and asks who wrote what; changes nothing',
      })),
      { value: undefined, name: 'I know what I see', beside: 'opens an incident, pages the right people, and leads through the runbook that fits' },
    ],
  });
}

/** Longer lists are searched: the symptoms of all the runbooks fill more than a screen. */
const MOST_AT_ONCE = 12;

/** Asks what is wrong, and opens an incident. */
async function reportOne(context: CommandContext, { incidents, escalation }: IncidentSession, session: Session): Promise<Incident> {
  const asker = await context.asker('runback incident open');
  const sights = await sightsOf(session);
  const other: Choice<Sight | undefined> = { value: undefined, name: 'Something else', description: 'Say it in your own words.' };
  const seen = sights.map((one): Choice<Sight | undefined> => ({
    value: one,
    name: visible(one.symptom),
    description: visible(one.runbook?.title ?? ''),
  }));
  const sight = await (seen.length > MOST_AT_ONCE
    ? asker.search<Sight | undefined>({ message: 'What do you see? (type to search)', choices: [...seen, { ...other, always: true }] })
    : asker.choose<Sight | undefined>({ message: 'What do you see?', choices: [...seen, other] }));
  const severity = await severityOf(context, escalation, undefined);
  const title = await asker.text({
    message: 'In one sentence, for the people who are paged',
    ...(sight === undefined ? {} : { default: sight.symptom }),
    validate: (value) => value.trim() !== '' || 'A few words are needed.',
  });
  const platforms = Object.values(session.workspace.config.platforms);
  const platform =
    platforms.length === 0
      ? undefined
      : await asker.choose<string | undefined>({
          message: 'Where do you see it?',
          choices: [
            ...platforms.map(({ name, connector, environment }) => ({
              value: name,
              name: `${visible(name)} (${visible(connector)}, ${environment})`,
            })),
            { value: undefined, name: 'I do not know yet' },
          ],
        });
  return await incidents.open(
    {
      title,
      severity,
      platforms: platform === undefined ? [] : [platform],
      source: 'respond',
      detectedAt: context.clock.now().toISOString(),
    },
    session.by,
  );
}

/** Whoever answers first may take it, so that nobody else is woken. */
async function takeIt(context: CommandContext, incidents: Incidents, incident: Incident, by: string): Promise<Incident> {
  if (incident.status !== 'open') return incident;
  const asker = await context.asker('runback incident ack');
  const mine = await asker.confirm({ message: `Acknowledge it as ${visible(by)}? Then nobody else is paged while you work`, default: true });
  if (!mine) return incident;
  const { acknowledge } = await import('../../incidents/index.js');
  return await acknowledge(incidents, incident.id, { by, source: 'respond' });
}

/** The runbooks whose symptoms fit first. */
async function chooseRunbook(context: CommandContext, incident: Incident, sights: readonly Sight[]): Promise<Runbook | undefined> {
  const runbooks = new Map<Runbook, number>();
  for (const { symptom, runbook } of sights)
    if (runbook) runbooks.set(runbook, (runbooks.get(runbook) ?? 0) + fit(incident, symptom) + (fitsSeverity(runbook, incident) ? 0.5 : 0));
  const named = await namedRunbook(context, incident, [...runbooks.keys()]);
  if (named !== undefined) runbooks.set(named, NAMED);
  const ranked = [...runbooks].sort(([, a], [, b]) => b - a);
  const asker = await context.asker('runback runbook run <runbook> --incident <incident>');
  return await asker.choose<Runbook | undefined>({
    message: 'Which runbook?',
    choices: [
      ...ranked.map(([runbook]) => ({
        value: runbook,
        name: visible(runbook.title),
        description: visible((runbook.document.symptoms ?? []).join('. ')),
      })),
      { value: undefined, name: 'None now', description: 'The incident stays open; runback respond continues it.' },
    ],
  });
}

/** The runbook that what found the incident names goes before all others. */
const NAMED = 1000;

/** That runbook; undefined where none is named, or it is gone since. */
async function namedRunbook(context: CommandContext, { found }: Incident, read: readonly Runbook[]): Promise<Runbook | undefined> {
  if (found?.runbook === undefined) return undefined;
  const own = read.find(({ document }) => document.id === found.runbook);
  if (own !== undefined) return own;
  const session = await context.session();
  return await findRunbook(session, found.runbook, context.stdio.cwd).catch((error: unknown) => {
    if (isRunbackError(error)) return undefined;
    throw error;
  });
}

const fit = ({ title }: Incident, symptom: string): number => (title.toLowerCase().includes(symptom.toLowerCase()) ? 10 : 0);
const fitsSeverity = ({ document }: Runbook, { severity }: Incident): boolean =>
  (document.severities as readonly string[] | undefined)?.includes(severity) ?? false;

/** Inputs of the runbook that the incident already answers. */
function inputsFrom({ platforms }: Incident, { document }: Runbook): Record<string, string> {
  const [platform, ...others] = platforms;
  if (platform === undefined || others.length > 0) return {};
  return Object.fromEntries(Object.entries(document.inputs ?? {}).flatMap(([name, { type }]) => (type === 'platform' ? [[name, platform]] : [])));
}

async function sightsOf(session: Session): Promise<readonly Sight[]> {
  const runbooks = (await runbookFiles(session)).flatMap(({ runbook }) => runbook ?? []);
  return runbooks.flatMap((runbook) => (runbook.document.symptoms ?? []).map((symptom) => ({ symptom, runbook })));
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Something is wrong: step by step from symptoms to restore',
    details:
      'Finds out what happened on a platform, lets you take the groups that are damage, and restores exactly those. Or asks what you see, opens an incident, pages the right people, and leads you through a matching runbook.',
    examples: ['runback respond'],
    run: respond,
  },
];
