import { createHash } from 'node:crypto';

import { defined } from '../../lib/index.js';
import type { Judgement } from '../types.js';
import type { Cause } from './causes.js';
import { begun, calmed, continued, isNews } from './findings.js';
import { bySeverity } from './severity.js';
import { keyOf, type Symptom } from './symptoms.js';
import type { AlertAction, AlertContext, AlertState, OpenAlert, OpenFinding, Rest } from './types.js';

/** What is decided from one look. */
export interface NextAlerts {
  readonly state: AlertState;
  readonly actions: readonly AlertAction[];
}

/** One look: what is wrong, why, and how long ago the last look was. */
export interface Look {
  readonly symptoms: readonly Symptom[];
  readonly causes: ReadonlyMap<string, Cause>;
  readonly judgements: ReadonlyMap<string, Judgement>;
  readonly watchedMs: number;
  readonly context: AlertContext;
}

/** What one look means for one group: what is wrong in it, and the alert that it has or gets. */
export function nextOfGroup(state: AlertState, group: string, symptoms: readonly Symptom[], look: Look): NextAlerts {
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
