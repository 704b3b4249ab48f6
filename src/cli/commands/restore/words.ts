import type { DamageKind } from '../../../restores/index.js';

/** The plan that is meant. */
export const PLAN = { name: 'plan', description: 'id of the plan, its beginning, or latest; or the id of a set of plans', kind: 'plan' as const };

/** Says that a platform has only moved to another address. */
export const MOVED = { flags: '--moved-to <address>', description: 'the same platform is now at this host and port' };

/** What a person would type to allow a plan. */
export const CONFIRM = { flags: '--confirm <environment:records>', description: 'the confirmation, for use without a terminal' };

/** The most that may be written. */
export const LIMIT = { flags: '--limit-records <n>', description: 'refuse more records than this' };

/** Says who accepts that automations react to a restore. */
export const ACCEPT = {
  flags: '--accept-automations <name>',
  description: 'start although automations that react to it are not paused: who accepts that',
};

/** The restore that is meant. */
export const RESTORE = {
  name: 'restore',
  description: 'id of the restore, its beginning, or latest; or the id of a set of plans',
  kind: 'restore' as const,
};

/** Kinds of damage that a plan may be limited to. */
export const KINDS: readonly DamageKind[] = ['changed', 'deleted', 'created', 'links'];
