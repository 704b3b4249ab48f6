import { inComplianceState } from '../failure.js';
import type { Member, Status, Writer } from './model.js';

/** What a status that was asked for comes to. */
export interface StatusChange {
  readonly status: Status;
  readonly bound: boolean;
  /** The platform asks the person by mail whether they want it. */
  readonly asks: boolean;
}

/** How the account treats those whom the API took off. */
export interface ConsentRules {
  /** Whom the API, or an integration, set to unsubscribed cannot be subscribed by it either. */
  readonly unsubscribedStays: boolean;
}

/**
 * What becomes of a member, or of somebody new, for whom a status is asked. Throws `Member In Compliance State` where
 * anybody but the person wants somebody subscribed who left by themselves, whose mail bounced, or who was asked and has
 * not answered yet after one of these. Archiving and coming back change nothing about that.
 */
export function statusAsked(
  member: Pick<Member, 'status' | 'bound' | 'email'> | undefined,
  wanted: Status,
  writer: Writer,
  rules: ConsentRules,
): StatusChange {
  const bound = member?.bound === true;
  if (wanted === 'subscribed') {
    if (bound && !writer.isPerson) throw inComplianceState(member?.email ?? '');
    return { status: wanted, bound: false, asks: false };
  }
  const binds =
    wanted === 'cleaned' || (wanted === 'unsubscribed' && (writer.isPerson || rules.unsubscribedStays) && member?.status !== 'unsubscribed');
  return { status: wanted, bound: bound || binds, asks: wanted === 'pending' };
}

/** Statuses of those who can be archived. */
export const ARCHIVABLE: ReadonlySet<Status> = new Set(['subscribed', 'unsubscribed', 'transactional']);

/** How the platform calls a status in its messages about an address that is taken. */
export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  subscribed: 'Subscribed',
  unsubscribed: 'Unsubscribed',
  cleaned: 'Cleaned',
  pending: 'Pending',
  transactional: 'Non-Subscribed',
  archived: 'Archived',
};
