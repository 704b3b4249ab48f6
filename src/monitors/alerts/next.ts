import { createHash } from 'node:crypto';

import { defined } from '../../lib/index.js';
import type { Judgement } from '../types.js';
import { type Cause, explained } from './causes.js';
import { begun, calmed, continued, isNews } from './findings.js';
import { bySeverity } from './severity.js';
import { keyOf, type Symptom, symptomsOf } from './symptoms.js';
import type { AlertAction, AlertContext, AlertState, OpenAlert, OpenFinding, Rest } from './types.js';

/** What nobody was ever told of. */
export const NO_ALERTS: AlertState = { numbers: {}, open: [], rests: {} };

/** However long nobody looked, or wherever the clock went: it counts as no more than this. */
const MOST_WATCHED_MS = 3_600_000;
/** What comes back within so long came back; later it is something new. */
const REST_MS = 48 * 3_600_000;

/** What is decided from one look. */
export interface NextAlerts {
  readonly state: AlertState;
  readonly actions: readonly AlertAction[];
}

/** One look: what is wrong, why, and how long ago the last look was. */
interface Look {
  readonly symptoms: readonly Symptom[];
  readonly causes: ReadonlyMap<string, Cause>;
  readonly judgements: ReadonlyMap<string, Judgement>;
  readonly watchedMs: number;
  readonly context: AlertContext;
}

/**
 * What the alerting remembers from now on, and what is to be done. Keep both before anything of it is done: then a killed process does what was
 * kept, and decides nothing twice. What was judged before and is not among the judgements stays as it is; what no monitor watches now ends.
 */
export function nextAlerts(kept: AlertState, judgements: readonly Judgement[], context: AlertContext): NextAlerts {
  const symptoms = symptomsOf(judgements, context);
  const look: Look = {
    symptoms,
    causes: explained(symptoms, kept.open, context.settings.alerts),
    judgements: new Map(judgements.map((judgement) => [keyOf(judgement.series), judgement])),
    watchedMs: watchedMs(kept.lookedAt, context.now),
    context,
  };
  const homes = homesOf(look, kept.open);
  const groups = [...new Set([...kept.open.map(({ group }) => group), ...homes.keys()])].sort();
  let state: AlertState = { ...kept, rests: aged(kept.rests, look.watchedMs), lookedAt: context.now.toISOString() };
  const actions: AlertAction[] = [];
  for (const group of groups) {
    const one = nextOfGroup(state, group, homes.get(group) ?? [], look);
    state = one.state;
    actions.push(...one.actions);
  }
  return { state, actions };
}

/** Milliseconds since the last look. A clock that went back, or far ahead, did not watch. */
function watchedMs(lookedAt: string | undefined, now: Date): number {
  if (lookedAt === undefined) return 0;
  return Math.min(MOST_WATCHED_MS, Math.max(0, now.getTime() - Date.parse(lookedAt)));
}

function aged(rests: AlertState['rests'], byMs: number): AlertState['rests'] {
  const older = Object.entries(rests).map(([group, rest]): [string, Rest] => [group, { ...rest, quietMs: rest.quietMs + byMs }]);
  return Object.fromEntries(older.filter(([, { quietMs }]) => quietMs < REST_MS));
}

/** By group the symptoms that belong to its alert: what is explained stands where its cause does, unless an alert has it already. */
function homesOf({ symptoms, causes }: Look, open: readonly OpenAlert[]): ReadonlyMap<string, readonly Symptom[]> {
  const homes = new Map<string, Symptom[]>();
  for (const symptom of symptoms) {
    const holds = (alert: OpenAlert): boolean => alert.group === symptom.group && alert.findings.some(({ series }) => keyOf(series) === symptom.key);
    const cause = causes.get(symptom.key);
    const home = cause === undefined || open.some(holds) ? symptom.group : cause.group;
    homes.set(home, [...(homes.get(home) ?? []), symptom]);
  }
  return homes;
}

function nextOfGroup(state: AlertState, group: string, symptoms: readonly Symptom[], look: Look): NextAlerts {
  const before = state.open.find((alert) => alert.group === group);
  const { findings, news } = findingsOf(before, symptoms, look, state.rests[group]);
  if (before === undefined && news.length === 0) return { state, actions: [] };
  const alert = alertOf(before, findings, news, { group, number: before?.number ?? (state.numbers[group] ?? 0) + 1, now: look.context.now });
  const others = state.open.filter((one) => one.group !== group);
  if (findings.every(({ ended }) => ended)) {
    const rests = { ...state.rests, [group]: restOf(findings) };
    return { state: { ...state, open: others, rests }, actions: [actionOf('close', alert, findings)] };
  }
  const kind = kindOf(before, alert, news);
  const told = kind === undefined ? alert : { ...alert, told: alert.told + 1 };
  const next = {
    ...state,
    numbers: { ...state.numbers, [group]: alert.number },
    open: [...others, told].sort((a, b) => (a.group < b.group ? -1 : 1)),
  };
  return { state: next, actions: kind === undefined ? [] : [actionOf(kind, alert, news)] };
}

function kindOf(before: OpenAlert | undefined, { level }: OpenAlert, news: readonly OpenFinding[]): AlertAction['kind'] | undefined {
  if (level === 'page' && before?.level !== 'page') return 'open';
  if (news.length === 0) return undefined;
  return before === undefined ? 'note' : 'update';
}

/** The findings of an alert after a look, and which of them people have to hear of. */
function findingsOf(
  before: OpenAlert | undefined,
  symptoms: readonly Symptom[],
  { causes, judgements, watchedMs, context }: Look,
  rest: Rest | undefined,
): { readonly findings: readonly OpenFinding[]; readonly news: readonly OpenFinding[] } {
  const { holdMs } = context.settings.alerts;
  const byKey = new Map(symptoms.map((symptom) => [symptom.key, symptom]));
  const watched = new Set(context.settings.monitors.map(({ name }) => name));
  const wrongElsewhere = (key: string): boolean => judgements.get(key)?.state === 'wrong' || judgements.get(key)?.state === 'unmeasured';
  const findings: OpenFinding[] = [];
  const news: OpenFinding[] = [];
  for (const finding of before?.findings ?? []) {
    const key = keyOf(finding.series);
    const symptom = byKey.get(key);
    byKey.delete(key);
    if (!watched.has(finding.series.monitor)) findings.push({ ...finding, wrong: false, ended: true });
    else if (symptom !== undefined) {
      const after = continued(finding, symptom, causes.get(key), holdMs);
      findings.push(after);
      if (!symptom.isSilenced && isNews(finding, after)) news.push(after);
    } else if (!wrongElsewhere(key)) findings.push(calmed(finding, judgements.get(key), watchedMs, holdMs));
  }
  for (const [key, symptom] of byKey) {
    const cause = causes.get(key);
    if (symptom.isSilenced || (cause !== undefined && before === undefined && !symptoms.some((one) => one.key === cause.key))) continue;
    const returns = rest?.returns[key];
    const after = begun(symptom, cause, returns === undefined ? 0 : returns + 1);
    findings.push(after);
    if (cause === undefined) news.push(after);
  }
  return { findings: findings.sort(worstFirst), news };
}

function worstFirst(a: OpenFinding, b: OpenFinding): number {
  const explainedLast = Number(a.because !== undefined) - Number(b.because !== undefined);
  const pagesFirst = Number(a.level !== 'page') - Number(b.level !== 'page');
  return (
    explainedLast ||
    pagesFirst ||
    bySeverity(a.severity, b.severity) ||
    (a.since < b.since ? -1 : a.since > b.since ? 1 : 0) ||
    (keyOf(a.series) < keyOf(b.series) ? -1 : 1)
  );
}

function alertOf(
  before: OpenAlert | undefined,
  findings: readonly OpenFinding[],
  news: readonly OpenFinding[],
  { group, number, now }: { readonly group: string; readonly number: number; readonly now: Date },
): OpenAlert {
  const isPage = before?.level === 'page' || news.some(({ level }) => level === 'page');
  const severities = [...(before === undefined ? [] : [before.severity]), ...news.map(({ severity }) => severity)].sort(bySeverity);
  return {
    group,
    number,
    openedAt: before?.openedAt ?? now.toISOString(),
    level: isPage ? 'page' : 'note',
    severity: severities[0] ?? 'sev4',
    findings,
    told: before?.told ?? 0,
  };
}

function restOf(findings: readonly OpenFinding[]): Rest {
  return { quietMs: 0, returns: Object.fromEntries(findings.map(({ series, returns }) => [keyOf(series), returns])) };
}

function actionOf(kind: AlertAction['kind'], alert: OpenAlert, about: readonly OpenFinding[]): AlertAction {
  const { group, number, findings, told } = alert;
  const content = about.map(({ series, finding, level }) => `${keyOf(series)} ${finding} ${level}`).join('\n');
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 8);
  return {
    key: kind === 'update' ? `${group}#${number}:update:${told}:${digest}` : `${group}#${number}:${kind}`,
    kind,
    group,
    number,
    alert: { ...alert, told: told + (kind === 'close' ? 0 : 1) },
    about: about.map(({ series }) => series),
    ...defined({ runbook: findings[0]?.runbook }),
  };
}
