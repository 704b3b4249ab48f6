import { defined } from '../../lib/index.js';
import type { Judgement } from '../types.js';
import type { Cause } from './causes.js';
import { bySeverity } from './severity.js';
import type { Symptom } from './symptoms.js';
import type { OpenFinding } from './types.js';

/** However often something came back: after so long it has ended. */
const LONGEST_HOLD_MS = 48 * 3_600_000;
const MOST_DOUBLINGS = 3;
/** Well for a shorter part of the hold is no return, but a series at its limit. */
const RETURN_SHARE = 1 / 6;

/** For how long a finding has to be well. */
function holdOf({ returns }: OpenFinding, holdMs: number): number {
  return Math.min(holdMs * 2 ** Math.min(returns, MOST_DOUBLINGS), Math.max(holdMs, LONGEST_HOLD_MS));
}

/** A series that is wrong for the first time in its alert. */
export function begun(
  { series, finding, level, severity, platforms, since, says, runbook }: Symptom,
  cause: Cause | undefined,
  returns: number,
): OpenFinding {
  return {
    series,
    finding,
    told: cause === undefined ? [finding] : [],
    level,
    severity,
    platforms,
    since,
    says,
    wrong: true,
    wellMs: 0,
    ended: false,
    returns,
    ...defined({ because: cause?.finding, runbook }),
  };
}

/** A series that is still wrong, or again. */
export function continued(before: OpenFinding, symptom: Symptom, cause: Cause | undefined, holdMs: number): OpenFinding {
  const isReturn = !before.wrong && (before.ended || before.wellMs >= holdMs * RETURN_SHARE);
  const returns = before.returns + (isReturn ? 1 : 0);
  // Nobody is to be told of it: that it is wrong is all that counts.
  if (symptom.isSilenced) return { ...before, wrong: true, wellMs: 0, returns, ended: before.ended };
  const { finding, says, runbook } = symptom;
  const isWorse = bySeverity(symptom.severity, before.severity) < 0;
  const { because: _because, ...rest } = before;
  return {
    ...rest,
    finding,
    told: cause === undefined && !before.told.includes(finding) ? [...before.told, finding] : before.told,
    level: before.level === 'page' ? 'page' : symptom.level,
    severity: isWorse ? symptom.severity : before.severity,
    since: before.ended ? symptom.since : before.since,
    says,
    wrong: true,
    wellMs: 0,
    ended: false,
    returns,
    ...defined({ because: cause?.finding, runbook }),
  };
}

/** Whether people have to hear of what has changed. */
export function isNews(before: OpenFinding | undefined, after: OpenFinding): boolean {
  if (after.because !== undefined) return false;
  return (
    before === undefined ||
    (before.ended && !after.ended) ||
    before.because !== undefined ||
    after.told.length > before.told.length ||
    after.level !== before.level ||
    after.severity !== before.severity
  );
}

/** A series that is not wrong now. Only what is judged and clearly well counts towards its end. */
export function calmed(before: OpenFinding, judgement: Judgement | undefined, watchedMs: number, holdMs: number): OpenFinding {
  if (judgement === undefined) return before;
  if (before.ended) return { ...before, wrong: false };
  if (judgement.lingers === true) return { ...before, wrong: false };
  const wellMs = before.wellMs + watchedMs;
  const now = { ...before, wrong: false, wellMs, says: judgement.says };
  return { ...now, ended: wellMs >= holdOf(now, holdMs) || before.because !== undefined };
}
