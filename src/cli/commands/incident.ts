import type { Actor, Incident } from '../../incidents/index.js';
import { EXIT, RunbackError } from '../../lib/index.js';
import { typedMoment } from '../flows/moments.js';
import { headlineText, reportDeps } from '../flows/report.js';
import { severityOf } from '../flows/respond.js';
import { daemonRuns, deliverNow, type IncidentSession } from '../session/incidents.js';
import type { Session } from '../session/session.js';
import { findIncident, withIncidents } from '../session/with-incidents.js';
import type { ArgumentSpec, CommandSpec, OptionSpec, Outcome, CommandContext } from '../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../shell/output-file.js';
import { incidentBlock, incidentText, pagingText } from '../views/incident.js';
import { damagedIncident } from '../views/status.js';
import type { Style } from '../views/style.js';

const actor = ({ by }: Session): Actor => ({ by, source: 'cli' });

/** What a change leaves on the screen: the incident in short, and whom it made us tell. */
async function changed(
  incidentSession: IncidentSession,
  session: Session,
  incident: Incident,
  before: number,
  words?: (style: Style) => string,
): Promise<Outcome> {
  const daemon = await daemonRuns(session);
  const now = await deliverNow(incidentSession, session, incident);
  const told = { ...now, pages: now.pages.slice(before) };
  return {
    data: now,
    text: (style) =>
      [
        incidentBlock(now, style),
        ...(words === undefined ? [] : [words(style)]),
        ...(known(incidentSession, session.by)
          ? []
          : [`  ${session.by} is not in escalation.yml: say who you are with --as, so that you can be reminded.`]),
        ...(told.pages.length > 0 || now.status === 'open' ? [pagingText(told, daemon, incidentSession.escalation !== undefined, style)] : []),
      ].join('\n'),
  };
}

/** Whether the person is one of those the workspace knows; nobody is asked where it knows none. */
const known = ({ escalation }: IncidentSession, by: string): boolean => !escalation || Object.hasOwn(escalation.people, by);

/** A command that does one thing to an incident that is named, the only one, or picked. */
function act(work: (id: string, incidentSession: IncidentSession, session: Session, context: CommandContext) => Promise<Incident>) {
  return (context: CommandContext): Promise<Outcome> =>
    withIncidents(context, async (incidentSession, session) => {
      const id = await findIncident(context, incidentSession, context.input.argument('incident'));
      const before = (await incidentSession.incidents.read(id)).pages.length;
      return await changed(incidentSession, session, await work(id, incidentSession, session, context), before);
    });
}

/** A text that has to be there: the option, or asked for. */
async function needed(context: CommandContext, option: string, message: string): Promise<string> {
  const given = context.input.text(option);
  if (given !== undefined && given.trim() !== '') return given;
  const asker = await context.asker(`--${option} <text>`);
  return await asker.text({ message, validate: (value) => value.trim() !== '' || 'A few words are needed.' });
}

/** When the damage began. Throws `usage`. */
const beganAt = async (context: CommandContext): Promise<string | undefined> => {
  const text = context.input.text('began');
  if (text === undefined) return undefined;
  return (await typedMoment(context, text, { option: 'began', direction: 'past', only: true, state: 'Nothing was changed.' })).toISOString();
};

/** A time to come. Throws `usage`. */
const toCome = (context: CommandContext, option: string, text: string): Promise<Date> =>
  typedMoment(context, text, { option, direction: 'future', only: true, state: 'Nothing was changed.' });

async function open(context: CommandContext): Promise<Outcome> {
  const { input, clock } = context;
  return await withIncidents(context, async (incidentSession, session) => {
    const title = input.words('title').join(' ').trim() || (await needed(context, 'title', 'What is wrong, in one sentence?'));
    const severity = await severityOf(context, incidentSession.escalation, input.text('severity'));
    const [impact, summary, began] = [input.text('impact'), input.text('summary'), await beganAt(context)];
    for (const platform of input.list('platform')) session.platformConfig(platform);
    const incident = await incidentSession.incidents.open(
      {
        title,
        severity,
        platforms: input.list('platform'),
        source: 'cli',
        detectedAt: clock.now().toISOString(),
        ...(impact === undefined ? {} : { impact }),
        ...(summary === undefined ? {} : { summary }),
        ...(began === undefined ? {} : { beganAt: began }),
      },
      session.by,
    );
    return await changed(incidentSession, session, incident, 0, () => `  Say that you have it: runback incident ack ${incident.id}`);
  });
}

async function list(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async ({ incidents }) => {
    const ids = context.input.flag('all') ? await incidents.list() : (await incidents.listOpen()).map(({ id }) => id);
    const most = 200;
    const read = await incidents.readAll(ids.slice(-most));
    const sorted = [...read.incidents].sort((a, b) =>
      a.severity === b.severity ? b.openedAt.localeCompare(a.openedAt) : a.severity.localeCompare(b.severity),
    );
    return {
      data: { incidents: sorted, unreadable: read.unreadable, left_out: Math.max(0, ids.length - most) },
      text: (style) =>
        sorted.length + read.unreadable.length === 0
          ? `${style.glyph.done} No incident ${context.input.flag('all') ? 'yet' : 'is open'}.`
          : [
              ...sorted.map((one) => incidentBlock(one, style)),
              ...read.unreadable.map((id) => damagedIncident(id, style)),
              ...(ids.length > most ? [`... and ${ids.length - most} more`] : []),
            ].join('\n'),
      ...(read.unreadable.length === 0 ? {} : { exit: EXIT.partial }),
    };
  });
}

async function show(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession) => {
    const incident = await incidentSession.incidents.read(await findIncident(context, incidentSession, context.input.argument('incident')));
    const means = (await incidentSession.incidents.policyOf(incident))?.severities[incident.severity]?.means;
    return { data: incident, text: (style) => incidentText(incident, means, style) };
  });
}

async function link(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession, session) => {
    const { link: linkTo, LINK_KINDS } = await import('../../incidents/index.js');
    const id = await findIncident(context, incidentSession, context.input.required('incident'));
    const kind = context.input.required('kind');
    const known = LINK_KINDS.find((one) => one === kind);
    if (known === undefined)
      throw new RunbackError('usage', `An incident is not linked to a ${kind}`, {
        why: `It can be linked to a ${LINK_KINDS.join(', ')}.`,
        state: 'Nothing was changed.',
      });
    const incident = await linkTo(incidentSession.incidents, id, known, context.input.required('linked'), actor(session));
    return { data: incident, text: (style) => incidentBlock(incident, style) };
  });
}

async function report(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const file = await outputFile(context);
  return await withIncidents(context, async (incidentSession, session) => {
    const { gatherReport, headlineLines, reportHtml, reportMarkdown, withoutPersonalData } = await import('../../reports/index.js');
    const incident = await incidentSession.incidents.read(await findIncident(context, incidentSession, input.argument('incident')));
    const personal = input.flag('personal');
    const gathered = await gatherReport(incident, reportDeps(session, incidentSession.escalation));
    const data = personal ? gathered : withoutPersonalData(gathered);
    if (file === undefined) {
      const markdown = reportMarkdown(data, { personal });
      return { data: { report: data, markdown }, text: () => markdown.trimEnd() };
    }
    const { path } = file;
    await writeText(file, /\.html?$/iu.test(path) ? reportHtml(data, { personal }) : reportMarkdown(data, { personal }));
    return { data: { report: data, path }, text: (style) => `  ${headlineText(headlineLines(data.headline), style)}\n${style.glyph.done} ${path}` };
  });
}

async function vendor(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  return await withIncidents(context, async (incidentSession, session) => {
    const { engageVendor } = await import('../../incidents/index.js');
    const name = input.required('vendor');
    const id = await findIncident(context, incidentSession, input.argument('incident'));
    const before = await incidentSession.incidents.read(id);
    const file = (await incidentSession.incidents.policyOf(before)) ?? incidentSession.escalation;
    const config = file?.vendors[name];
    if (!config)
      throw new RunbackError('not-found', `escalation.yml has no vendor ${name}`, {
        why: `It has: ${Object.keys(file?.vendors ?? {}).join(', ') || 'none'}.`,
        state: 'Nothing was changed.',
        next: 'runback escalation show',
      });
    const [number, followUp] = [input.text('case'), input.text('follow-up')];
    const facts = {
      ...(number === undefined ? {} : { number }),
      ...(followUp === undefined ? {} : { followUpAt: await toCome(context, 'follow-up', followUp) }),
    };
    const incident = Object.keys(facts).length === 0 ? before : await engageVendor(incidentSession.incidents, id, name, facts, actor(session));
    const { gatherReport, vendorCase } = await import('../../reports/index.js');
    const report = await gatherReport(incident, reportDeps(session, file));
    const me = file?.people[session.by];
    const contact = { name: me?.name ?? session.by, ...(me?.email === undefined ? {} : { email: me.email }) };
    const accounts = Object.values(config.account);
    const platforms = Object.values(session.workspace.config.platforms)
      .filter((one) => one.name === name || one.connector === name || (one.account !== undefined && accounts.includes(one.account)))
      .map((one) => one.name);
    const text = vendorCase(incident, config, { vendor: name, report, contact, ...(platforms.length === 0 ? {} : { platforms }) });
    return {
      data: { incident: id, vendor: name, text, support: config.support ?? null, ...facts },
      text: (style) =>
        [
          text.trimEnd(),
          '',
          ...(config.support === undefined ? [] : [`${style.glyph.arrow} Open the case yourself at ${config.support}`]),
          `  Then: runback incident vendor ${name} ${id} --case NUMBER --follow-up 4h`,
        ].join('\n'),
    };
  });
}

const INCIDENT: ArgumentSpec = { name: 'incident', description: 'id, its beginning, or latest (default: the only open one)', optional: true };
const text = (flag: string, description: string): OptionSpec => ({ flags: `--${flag} <text>`, description });
const SEVERITY: OptionSpec = { flags: '--severity <severity>', description: 'sev1 (worst) to sev4, as escalation.yml has them' };
const BEGAN: OptionSpec = {
  flags: '--began <time>',
  description: 'when the damage began: yesterday 14:00, 2026-11-25T14:00Z, or 30m for half an hour ago',
};

export const commands: readonly CommandSpec[] = [
  {
    verb: 'open',
    summary: 'Open an incident and tell the people of its first level',
    args: [{ name: 'title', description: 'what is wrong, in one sentence', optional: true, variadic: true }],
    options: [
      SEVERITY,
      text('impact', 'what is affected'),
      text('summary', 'what is known so far'),
      { flags: '--platform <name>', description: 'platform that is damaged', repeat: true, kind: 'platform' },
      BEGAN,
      text('title', 'the same as the words'),
    ],
    examples: ['runback incident open "Wrong first names" --severity sev1'],
    run: open,
  },
  { verb: 'list', summary: 'Incidents that are open, the worst first', options: [{ flags: '--all', description: 'the ended ones too' }], run: list },
  { verb: 'show', summary: 'An incident: who has it, timeline, pages, links', args: [INCIDENT], run: show },
  {
    verb: 'ack',
    summary: '"I have it": stops the paging',
    args: [INCIDENT],
    run: act(async (id, { incidents }, session) => (await import('../../incidents/index.js')).acknowledge(incidents, id, actor(session))),
  },
  {
    verb: 'release',
    summary: 'Give it back: escalation begins again',
    args: [INCIDENT],
    run: act(async (id, { incidents }, session) => (await import('../../incidents/index.js')).release(incidents, id, actor(session))),
  },
  {
    verb: 'escalate',
    summary: 'Tell the next level now',
    args: [INCIDENT],
    options: [text('why', 'for the timeline')],
    run: act(async (id, { incidents }, session, { input }) =>
      (await import('../../incidents/index.js')).escalate(incidents, id, input.text('why'), actor(session)),
    ),
  },
  {
    verb: 'note',
    summary: 'Write a line into the timeline',
    args: [INCIDENT],
    options: [text('text', 'the line'), { flags: '--update <text>', description: 'an update for others: none is due for a while' }],
    examples: ['runback incident note --text "The feed was switched to the new list at 14:00"'],
    run: act(async (id, { incidents }, session, context) => {
      const { note } = await import('../../incidents/index.js');
      const update = context.input.text('update');
      return await note(incidents, id, update ?? (await needed(context, 'text', 'What happened?')), update !== undefined, actor(session));
    }),
  },
  {
    verb: 'triage',
    summary: 'Say what is known better now: severity, impact, platforms',
    args: [INCIDENT],
    options: [
      SEVERITY,
      text('impact', 'what is affected'),
      text('rename', 'a better title'),
      { flags: '--platform <name>', description: 'platform that is damaged', repeat: true, kind: 'platform' },
      BEGAN,
      text('why', 'for the timeline'),
    ],
    examples: ['runback incident triage --severity sev1 --why "opt-outs are overwritten too"'],
    run: act(async (id, { incidents }, session, context) => {
      const { input } = context;
      const { triage } = await import('../../incidents/index.js');
      const platforms = input.someOf('platform');
      for (const platform of platforms ?? []) session.platformConfig(platform);
      const facts = {
        severity: input.text('severity'),
        impact: input.text('impact'),
        title: input.text('rename'),
        platforms,
        beganAt: await beganAt(context),
        why: input.text('why'),
      };
      const given = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
      if (Object.keys(given).length === 0)
        throw new RunbackError('usage', 'Say what is known better: --severity, --impact, --rename, --platform or --began', {
          state: 'Nothing was changed.',
          next: 'runback incident triage --help',
        });
      return await triage(incidents, id, given, actor(session));
    }),
  },
  {
    verb: 'snooze',
    summary: 'Nobody is paged until a time; then it escalates again',
    args: [INCIDENT],
    options: [{ flags: '--until <time>', description: '2h, tomorrow 09:00, or 2026-11-25T14:00Z', required: true }],
    run: act(async (id, { incidents }, session, context) =>
      (await import('../../incidents/index.js')).snooze(
        incidents,
        id,
        await toCome(context, 'until', context.input.required('until')),
        actor(session),
      ),
    ),
  },
  {
    verb: 'mitigate',
    summary: 'The damage has stopped; it is not over yet',
    args: [INCIDENT],
    options: [text('what', 'what was done')],
    run: act(async (id, { incidents }, session, context) =>
      (await import('../../incidents/index.js')).mitigate(incidents, id, await needed(context, 'what', 'What stopped the damage?'), actor(session)),
    ),
  },
  {
    verb: 'resolve',
    summary: 'It is over',
    args: [INCIDENT],
    options: [text('what', 'what was done')],
    run: act(async (id, { incidents }, session, context) =>
      (await import('../../incidents/index.js')).resolve(incidents, id, await needed(context, 'what', 'What was done?'), actor(session)),
    ),
  },
  {
    verb: 'reopen',
    summary: 'It is not over after all',
    args: [{ ...INCIDENT, optional: false }],
    options: [text('why', 'for the timeline')],
    run: act(async (id, { incidents }, session, context) =>
      (await import('../../incidents/index.js')).reopen(incidents, id, await needed(context, 'why', 'Why is it open again?'), actor(session)),
    ),
  },
  {
    verb: 'merge',
    summary: 'Two reports of one thing: end one, and keep its history in the other',
    args: [{ ...INCIDENT, optional: false, description: 'the one that ends' }],
    options: [{ flags: '--into <incident>', description: 'the one that stays', required: true }],
    run: act(async (id, incidentSession, session, context) =>
      (await import('../../incidents/index.js')).merge(
        incidentSession.incidents,
        id,
        await findIncident(context, incidentSession, context.input.required('into')),
        actor(session),
      ),
    ),
  },
  {
    verb: 'link',
    summary: 'Tie a run, plan, restore, snapshot or drill to an incident',
    args: [
      { ...INCIDENT, optional: false },
      { name: 'kind', description: 'run, plan, restore, snapshot or drill', choices: ['run', 'plan', 'restore', 'snapshot', 'drill'] },
      { name: 'linked', description: 'its id' },
    ],
    run: link,
  },
  {
    verb: 'vendor',
    summary: "The text for a vendor's support, filled in; keeps case number and follow-up",
    details: 'Opens nothing by itself. The daemon reminds of the follow-up.',
    args: [{ name: 'vendor', description: 'name in escalation.yml' }, INCIDENT],
    options: [
      { flags: '--case <number>', description: 'the number that the vendor gave' },
      { flags: '--follow-up <time>', description: 'when to ask again: 4h, tomorrow 09:00, or 2026-11-25T14:00Z' },
    ],
    run: vendor,
  },
  {
    verb: 'report',
    summary: 'The report, as Markdown or one HTML file',
    args: [INCIDENT],
    options: [
      { flags: '--to <file>', description: 'file to write, .md or .html (default: Markdown to stdout)', kind: 'file' },
      OVERWRITE,
      { flags: '--personal', description: 'leave personal data in: addresses, phone numbers' },
    ],
    examples: ['runback incident report latest --to report.html'],
    run: report,
  },
];
