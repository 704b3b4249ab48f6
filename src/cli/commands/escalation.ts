import {
  type Escalation,
  differencesFrom,
  isZone,
  type LintFinding,
  lintEscalation,
  quietUntil,
  readTime,
  shiftAt,
  simulateEscalation,
} from '../../escalation/index.js';
import { defined, didYouMean, EXIT, isRunbackError, parseDuration, RunbackError } from '../../lib/index.js';
import { problemsIn } from '../../workspace/index.js';
import { ESCALATION_FILE, loadEscalation, readExpectations } from '../flows/escalation-file.js';
import { forgetEscalation, knownEscalation } from '../session/known-escalation.js';
import type { Session } from '../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { differencesText, lintText, showText, simulationText } from '../views/escalation.js';
import { testCommand } from './escalation-test.js';

async function show({ session, clock }: CommandContext): Promise<Outcome> {
  const { escalation } = await loadEscalation((await session()).workspace.root);
  const now = clock.now();
  const onCall = Object.entries(escalation.schedules).map(([schedule, entry]) => {
    const { person, until } = shiftAt(entry, now.getTime());
    return { schedule, ...defined({ person }), ...(until === undefined ? {} : { until: new Date(until).toISOString() }) };
  });
  const quiet = quietUntil(escalation, now)?.toISOString();
  const data = { onCall, ...defined({ quietUntil: quiet }), escalation };
  return { data, text: (style) => showText(data, style) };
}

async function lint({ session, clock }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const read = await loadEscalation(opened.workspace.root).catch((error: unknown) => {
    if (isRunbackError(error) && error.code !== 'not-found') return error;
    throw error;
  });
  if (read instanceof RunbackError) {
    const broken = problemsIn(read, ESCALATION_FILE).map((problem) => ({ severity: 'error' as const, code: read.code, path: [], ...problem }));
    return { data: { findings: broken }, text: (style) => lintText(broken, style), exit: EXIT.badFile };
  }
  const { escalation, at } = read;
  const found = [...lintEscalation(escalation, { now: clock.now() }), ...(await channelFindings(opened, escalation))];
  const findings = found.map((finding) => ({ ...finding, file: ESCALATION_FILE, ...at(finding.path) }));
  return {
    data: { findings },
    text: (style) => lintText(findings, style),
    ...(findings.some(({ severity }) => severity === 'error') ? { exit: EXIT.badFile } : {}),
  };
}

/** Channels whose settings their drivers refuse. Nothing is sent, and no secret is looked up. */
async function channelFindings(session: Session, escalation: Escalation): Promise<readonly LintFinding[]> {
  const { openChannel } = await import('../../notify/index.js');
  const findings: LintFinding[] = [];
  for (const config of Object.values(escalation.channels)) {
    try {
      await (await openChannel(config, session.channelDeps())).close();
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      const message = error.why === undefined ? error.message : `${error.message}: ${error.why}`;
      findings.push({ severity: 'error', code: 'channel-settings', message, path: ['channels', config.name] });
    }
  }
  return findings;
}

async function simulate({ input, session, clock, stdio }: CommandContext): Promise<Outcome> {
  const { escalation } = await loadEscalation((await session()).workspace.root);
  const severity = input.required('severity');
  const known = Object.keys(escalation.severities);
  if (!known.includes(severity))
    throw new RunbackError('usage', `There is no severity "${severity}"${didYouMean(severity, known)}`, {
      why: `${ESCALATION_FILE} has ${known.join(', ')}.`,
    });
  const zone = input.text('zone') ?? escalation.timezone;
  if (!isZone(zone))
    throw new RunbackError('usage', `There is no time zone "${zone}"${didYouMean(zone, Intl.supportedValuesOf('timeZone'))}`, {
      why: 'Expected a name such as America/New_York.',
    });
  const time = input.text('at');
  const { at, note } = time === undefined ? { at: clock.now(), note: undefined } : readTime(time, zone, clock.now());
  const expectations = await readExpectations(input.list('expect'), stdio.cwd);
  const span = input.text('for');
  const steps = simulateEscalation(escalation, {
    severity,
    at,
    ...(span === undefined ? {} : { until: new Date(at.getTime() + parseDuration(span)) }),
  });
  const differences = expectations.length === 0 ? [] : differencesFrom(escalation, steps, expectations);
  const data = {
    severity,
    at: at.toISOString(),
    zone,
    ...defined({ note }),
    steps,
    ...(expectations.length === 0 ? {} : { differences }),
  };
  return {
    data,
    text: (style) =>
      [
        simulationText(escalation, data, style),
        ...(expectations.length === 0 ? [] : [differencesText(differences, expectations.length, style)]),
      ].join('\n\n'),
    ...(differences.length > 0 ? { exit: EXIT.differences } : {}),
  };
}

export const commands: readonly CommandSpec[] = [
  { verb: 'show', summary: 'Who is on call now, and who is paged in which order', run: show },
  {
    verb: 'lint',
    summary: 'Check escalation.yml: gaps, people nobody can reach, impossible approvals',
    details: 'Exit 65 if a problem would fail an incident; warnings only: exit 0.',
    run: lint,
  },
  {
    verb: 'simulate',
    summary: 'Who would be paged, when and how, if nobody answered; sends nothing',
    options: [
      { flags: '--severity <severity>', description: 'sev1 (worst) to sev4', required: true },
      { flags: '--at <time>', description: 'when it begins: 2026-11-01T01:30, tomorrow 09:00 or 2h (default: now)' },
      { flags: '--zone <zone>', description: 'zone of --at and of the times shown (default: that of the file)' },
      { flags: '--for <duration>', description: 'how far to look (default: all rounds)' },
      { flags: '--expect <message>', description: '"5m lee email", or a file with one a line; 2 if it differs', repeat: true },
    ],
    examples: [
      'runback escalation simulate --severity sev1 --at 2026-11-01T01:30',
      'runback escalation simulate --severity sev1 --expect "0s maya email"',
    ],
    run: simulate,
  },
  testCommand,
  {
    verb: 'forget',
    summary: 'If escalation.yml was removed on purpose: stop paging by what it said',
    run: async ({ session }): Promise<Outcome> => {
      const opened = await session();
      const known = await knownEscalation(opened);
      await forgetEscalation(opened);
      return {
        data: { forgotten: known !== undefined },
        text: (style) =>
          known === undefined
            ? `${style.glyph.done} No earlier escalation.yml is remembered.`
            : `${style.glyph.done} What escalation.yml said is forgotten. Open incidents keep the policy they started with.`,
      };
    },
  },
];
