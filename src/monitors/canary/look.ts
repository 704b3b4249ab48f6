import type { Platform } from '../../connectors/index.js';
import { sameValue } from '../../records/index.js';
import type { Canary } from './canary.js';
import { type CanaryDeps, endOf } from './deps.js';
import { expectedThere, fieldIn } from './fit.js';
import type { CanaryJournal } from './journal.js';
import { isNonce } from './nonce.js';
import { digestOf, recordAt, schemaAt } from './sides.js';
import type { Ended, OpenRun } from './state.js';

/** Looks for the text on the other side once. Undefined where it may still come. */
export async function lookThere(
  canary: Canary,
  platform: Platform,
  run: OpenRun,
  journal: CanaryJournal,
  { call, clock }: CanaryDeps,
): Promise<Ended> {
  const { to, withinMs } = canary;
  const lookedAt = clock.now().getTime();
  const at = `${to.platform}/${to.object}.${to.field}`;
  const schema = await schemaAt(platform, to, call);
  if (schema === undefined || fieldIn(schema, to.field) === undefined)
    return { verdict: 'wrong', because: 'field-gone', why: `${at} is not there any longer, or these credentials do not see it.` };
  const record = await recordAt(platform.connector, schema, to, call);
  const stands = record?.fields[to.field] ?? record?.meta[to.field];
  const tookMs = clock.now().getTime() - Date.parse(run.at);
  if (sameValue(stands, expectedThere(canary, run.nonce, schema)))
    return run.overdue
      ? { verdict: 'late', because: 'not-arrived', why: `It arrived in ${at} after its time.`, tookMs }
      : { verdict: 'arrived', tookMs };
  if (lookedAt < Date.parse(run.at) + withinMs) return undefined;
  // The text of an earlier run may be late.
  const isOther = stands !== undefined && stands !== null && !isNonce(stands) && digestOf(stands) !== run.stoodThere;
  if (isOther) return { verdict: 'wrong', because: 'other-value', why: `Something else than what was written arrived in ${at}.` };
  if (!run.overdue) await journal.overdue(run);
  if (lookedAt < endOf(canary, run)) return undefined;
  if (record === undefined)
    return { verdict: 'lost', because: 'copy-gone', why: `${to.platform}/${to.object} ${to.key}, the copy, is not there any longer.` };
  return { verdict: 'lost', because: 'not-arrived', why: `It did not arrive in ${at}.` };
}
