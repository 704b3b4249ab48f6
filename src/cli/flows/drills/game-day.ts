import type { Answer, ApprovalMeasured, DrillResult, Finding, RehearsalPeople } from '../../../drills/index.js';
import type { Escalation } from '../../../escalation/index.js';
import type { Incident } from '../../../incidents/index.js';
import { defined, isRunbackError, messageOf, newId, RunbackError } from '../../../lib/index.js';
import { daemonRuns, deliverNow, type IncidentSession } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandContext } from '../../shell/command.js';
import { findingLines, pagingPlan } from '../../views/game-day.js';
import { span } from '../../views/text/format.js';
import { loadEscalation } from '../escalation-file.js';
import { type DrillPlace, type PlannedDrill, rehearseOne, type RunDrillsOptions } from './drills.js';

/** How a game day is held. */
export interface GameDayOptions extends Pick<RunDrillsOptions, 'seed' | 'keep'> {
  /** Whose policy is followed; unless given, {@link USUAL}, or the worst there is. */
  readonly severity?: string;
  /** How long somebody is waited for. */
  readonly waitMs: number;
}

const USUAL = 'sev2';
/** How often it is looked whether somebody has answered. */
const POLL_MS = 300;
/** Longer than any drill takes. */
const QUIET_MS = 24 * 3_600_000;

/** Rehearses the drill, with the people who are at it, if any. */
type Rehearse = (people: { readonly people?: RehearsalPeople }) => Promise<DrillResult>;

/**
 * A drill with people: opens an incident that is marked as a drill, pages whoever is on call over the channels for
 * drills, waits for an answer, rehearses, and puts on the scorecard who answered and what was missing. Nobody is paged
 * any more once it has ended, however that came. Throws what loading escalation.yml throws, `workspace-missing`,
 * `usage`, `person-needed` where nobody agreed to the pages.
 */
export async function gameDay(context: CommandContext, place: DrillPlace, planned: PlannedDrill, options: GameDayOptions): Promise<DrillResult> {
  const { session } = place;
  if (session === undefined)
    throw new RunbackError('workspace-missing', 'A game day needs a workspace: its escalation.yml says who is on call', {
      state: 'Nobody was paged.',
      next: 'runback init',
    });
  const { escalation } = await loadEscalation(session.workspace.root);
  const severity = severityFor(escalation, options.severity);
  await consent(context, escalation, severity, options.waitMs);
  return await withIncidents(context, async (incidentSession) => {
    const { drillLock } = await import('../../../incidents/index.js');
    const id = newId('drill', context.clock);
    // Held until nobody can be paged any more: without it, the incident counts as left behind and is resolved.
    const owner = { by: session.by, holder: id, purpose: `the game day of ${planned.drill.id}` };
    const lock = await session.store.lock(drillLock(id), owner);
    const day = new GameDay(context, session, incidentSession, escalation, id);
    try {
      return await day.play(
        severity,
        options.waitMs,
        planned,
        async (people) => await rehearseOne(context, place, planned, { ...options, alone: true, id, ...people }),
      );
    } finally {
      await day.end();
      await lock.release();
    }
  });
}

/** Ends the incidents of drills that were killed: whoever comes next does it. */
export async function endLeftDrills(context: CommandContext, { store, clock }: Session): Promise<void> {
  const { Incidents } = await import('../../../incidents/index.js');
  const listed = await new Incidents({ store, clock, escalation: undefined, outbox: undefined }).listOpen();
  const drills = listed.filter(({ drill }) => drill !== undefined);
  if (drills.length === 0) return;
  await withIncidents(context, async (incidentSession, session) => {
    for (const { id } of drills) {
      const incident = await incidentSession.incidents.look(id);
      if (incident.status === 'resolved') await deliverNow(incidentSession, session, incident);
    }
  });
}

function severityFor({ severities }: Escalation, given: string | undefined): string {
  const known = Object.keys(severities).sort();
  const severity = given ?? (known.includes(USUAL) ? USUAL : known[0]);
  if (severity !== undefined && known.includes(severity)) return severity;
  throw new RunbackError('usage', `There is no severity "${severity ?? USUAL}"`, {
    why: `escalation.yml has: ${known.join(', ') || 'none'}.`,
    state: 'Nobody was paged.',
  });
}

/** Says whom it would page, and has somebody agree to it. */
async function consent(context: CommandContext, file: Escalation, severity: string, waitMs: number): Promise<void> {
  const { live, style, clock, globals } = context;
  live.print(await pagingPlan(file, severity, clock.now(), waitMs, style));
  if (globals.yes) return;
  const asker = await context.asker('--yes');
  if (await asker.confirm({ message: 'Page these people now, as a drill?', default: false })) return;
  throw new RunbackError('person-needed', 'Nobody was paged', { why: 'You said no.', state: 'Nothing was started.' });
}

/** One game day, from the first page to the last word. */
class GameDay {
  #incident: string | undefined;
  #words = 'The drill was stopped before its end';
  readonly #approvals: ApprovalMeasured[] = [];
  readonly #later: Finding[] = [];

  constructor(
    private readonly context: CommandContext,
    private readonly session: Session,
    private readonly incidentSession: IncidentSession,
    private readonly file: Escalation,
    private readonly id: string,
  ) {}

  async play(severity: string, waitMs: number, { drill, runbook, place }: PlannedDrill, rehearse: Rehearse): Promise<DrillResult> {
    const [people, { loadRunbook }] = await Promise.all([import('../../../drills/index.js'), import('../../../runbooks/index.js')]);
    const { steps } = await loadRunbook(runbook);
    const from = this.context.clock.monotonicMs();
    const opened = await this.#open(drill.title, severity);
    const incident = await this.#waitForAnswer(opened, waitMs);
    const waitedMs = Math.round(this.context.clock.monotonicMs() - from);
    const now = this.context.clock.now();
    const answer = people.answerIn(this.file, incident);
    this.#say(answer, waitedMs);
    // Nobody is woken for a drill that goes its way without them.
    if (answer === undefined) await this.#resolve('Nobody answered: the drill continues without people');
    const findings = [...people.findingsOf(this.file, incident, steps, now), ...(await this.#backupKey())];
    const check = people.answeredCheck(answer, { waitedMs, exhausted: people.isExhausted(this.file, incident, now) });
    // Only in a sandbox everybody may do everything else: on other stages the answers of the drill approve.
    const askPeople = answer === undefined || !('local' in place) ? undefined : this.#people(incident.id, answer, waitMs);
    const rehearsed = await this.#rehearsed(async () => await rehearse(defined({ people: askPeople })), findings);
    const after = await this.incidentSession.incidents.read(incident.id);
    const result: DrillResult = {
      ...rehearsed,
      checks: [...rehearsed.checks, check],
      passed: rehearsed.passed && check.passed,
      people: {
        incident: incident.id,
        severity,
        openedAt: incident.openedAt,
        waitedMs,
        ...defined({ answer }),
        pages: people.pagedIn(this.file, after),
        approvals: this.#approvals,
        findings: [...findings, ...this.#later],
      },
    };
    await people.keepResult(this.session.store, result);
    this.#words = `The drill has ended: ${people.verdictWords(result)}`;
    return result;
  }

  /** Resolves the incident, so that nobody is paged any more. May be called twice. */
  async end(): Promise<void> {
    await this.#resolve(this.#words);
  }

  async #open(title: string, severity: string): Promise<Incident> {
    const { incidents } = this.incidentSession;
    const { by } = this.session;
    const opened = await incidents.open(
      {
        title,
        severity,
        platforms: [],
        source: 'drill',
        drill: this.id,
        detectedAt: this.context.clock.now().toISOString(),
        summary: 'Acknowledge it as you would a real incident. Then nobody else is paged.',
      },
      by,
    );
    this.#incident = opened.id;
    this.context.event({ type: 'incident', incident: opened.id, drill: this.id });
    const { link } = await import('../../../incidents/index.js');
    return await link(incidents, opened.id, 'drill', this.id, { by, source: 'drill' });
  }

  async #waitForAnswer({ id }: Incident, waitMs: number): Promise<Incident> {
    this.context.live.start('Waiting for someone to answer');
    const { isExhausted } = await import('../../../drills/index.js');
    return await this.#page(id, waitMs, (incident) => incident.status !== 'open' || isExhausted(this.file, incident, this.context.clock.now()));
  }

  /**
   * Pages level after level until what is waited for is so, or the time is over. Without a daemon, pages and levels are
   * seen to here.
   */
  async #page(id: string, waitMs: number, isDone: (incident: Incident) => Promise<boolean> | boolean): Promise<Incident> {
    const { clock, call } = this.context;
    const { incidents, outbox } = this.incidentSession;
    const end = clock.monotonicMs() + waitMs;
    for (;;) {
      call.signal.throwIfAborted();
      const incident = await incidents.read(id);
      const left = end - clock.monotonicMs();
      if (left <= 0 || (await isDone(incident))) return incident;
      await this.#look(id);
      if (outbox !== undefined && !(await daemonRuns(this.session))) await outbox.tick();
      await clock.sleep(Math.min(POLL_MS, left), call.signal);
    }
  }

  async #look(id: string): Promise<void> {
    try {
      await this.incidentSession.incidents.look(id);
    } catch (error) {
      // Another process is at it, and does the same.
      if (!isRunbackError(error, 'locked', 'fenced')) throw error;
    }
  }

  /** Backups that nobody can open here are no backups. */
  async #backupKey(): Promise<readonly Finding[]> {
    const { encrypt, identity } = this.session.workspace.config.backups;
    if (encrypt === undefined && identity === undefined) return [];
    const { backupKeyFinding } = await import('../../../drills/index.js');
    try {
      if (identity === undefined) return [backupKeyFinding('backups.identity of runback.yml is not set on this machine')];
      const { requireBackupKey } = await import('../backups/backup-key.js');
      await requireBackupKey(this.session, identity);
      return [];
    } catch (error) {
      if (isRunbackError(error, 'interrupted')) throw error;
      return [backupKeyFinding(messageOf(error))];
    }
  }

  /** Whoever answered runs the runbook; its approvals are for people to give, by the rules of this workspace. */
  #people(incident: string, answer: Answer, waitMs: number): RehearsalPeople {
    return { as: answer.by, approve: async (asked) => await this.#approve(incident, asked, waitMs) };
  }

  /**
   * Calls for an approval that the run waits for: the next level of the policy is paged, and told how to approve. False
   * where nobody gave it in time, or nobody can.
   */
  async #approve(id: string, { folder, run }: { readonly folder: string; readonly run: string }, waitMs: number): Promise<boolean> {
    const { clock, live, style } = this.context;
    const { incidents } = this.incidentSession;
    const [{ hopelessApproval, isExhausted, withheldApproval }, { StageApproval }] = await Promise.all([
      import('../../../drills/index.js'),
      import('../runs/stage-approval.js'),
    ]);
    const approval = await StageApproval.open(this.session, folder, run);
    const { title } = approval.asked;
    const [from, at] = [clock.monotonicMs(), clock.now().toISOString()];
    await this.#callApprovers(
      id,
      `"${title}" waits for an approval. Check the plan and approve it: runback approve ${run} --workspace ${folder} --as NAME`,
    );
    live.start(`Waiting for the approval "${title}"`);
    let verdict = await approval.weigh(this.file, (await incidents.read(id)).grants);
    const could = verdict.from.map(({ name }) => name);
    await this.#page(id, waitMs, async (incident) => {
      verdict = await approval.weigh(this.file, incident.grants);
      const isHopeless = hopelessApproval(this.file, verdict, title) !== undefined && isExhausted(this.file, incident, clock.now());
      return verdict.met || isHopeless;
    });
    const { met } = verdict;
    const afterMs = Math.round(clock.monotonicMs() - from);
    const given = met ? verdict.accepted.map(({ approval: { by } }) => this.file.people[by]?.name ?? by) : [];
    this.#approvals.push({ step: title, at, from: [...new Set([...could, ...verdict.from.map(({ name }) => name)])], given, afterMs });
    if (!met) {
      this.#later.push(hopelessApproval(this.file, verdict, title) ?? withheldApproval(verdict, title, afterMs));
      await approval.giveBack();
    }
    await this.#quiet(id);
    live.stop();
    live.print(
      met
        ? `${style.glyph.done} "${title}": approved by ${given.join(', ')} after ${span(afterMs)}.`
        : `${style.glyph.failed} "${title}": nobody approved it within ${span(afterMs)}.`,
    );
    return met;
  }

  /** The next level is paged, with what it is wanted for. */
  async #callApprovers(id: string, impact: string): Promise<void> {
    const { escalate, triage } = await import('../../../incidents/index.js');
    const { incidents } = this.incidentSession;
    const actor = { by: this.session.by, source: 'drill' };
    await triage(incidents, id, { impact }, actor);
    await escalate(incidents, id, 'an approval is needed', actor);
  }

  /** Nobody is paged while the run goes its way. */
  async #quiet(id: string): Promise<void> {
    const { snooze } = await import('../../../incidents/index.js');
    const { incidents } = this.incidentSession;
    if ((await incidents.read(id)).status !== 'open') return;
    const until = new Date(this.context.clock.now().getTime() + QUIET_MS);
    const quiet = await snooze(incidents, id, until, { by: this.session.by, source: 'drill' });
    await deliverNow(this.incidentSession, this.session, quiet);
  }

  #say(answer: Answer | undefined, waitedMs: number): void {
    const { live, style } = this.context;
    live.stop();
    live.print(
      answer === undefined
        ? `${style.glyph.failed} Nobody answered within ${span(waitedMs)}.`
        : `${style.glyph.done} ${answer.name} answered after ${span(answer.afterMs)}.`,
    );
  }

  /** The rehearsal; what was found before is said also where it cannot be staged. */
  async #rehearsed(rehearse: () => Promise<DrillResult>, findings: readonly Finding[]): Promise<DrillResult> {
    try {
      return await rehearse();
    } catch (error) {
      this.context.live.print(findingLines(findings, this.context.style).join('\n'));
      throw error;
    }
  }

  async #resolve(words: string): Promise<void> {
    const { incidents } = this.incidentSession;
    const id = this.#incident;
    if (id === undefined) return;
    const { isOpen, resolve } = await import('../../../incidents/index.js');
    if (!isOpen(await incidents.read(id))) return;
    const resolved = await resolve(incidents, id, words, { by: this.session.by, source: 'drill' });
    await deliverNow(this.incidentSession, this.session, resolved);
  }
}
