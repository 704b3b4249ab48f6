/** The snapshot that is meant. */
export const SNAPSHOT = { name: 'snapshot', description: 'id, beginning of an id, latest or latest-verified', kind: 'snapshot' as const };

/** Tells object types of one name apart. */
export const PLATFORM = { flags: '--platform <name>', description: 'where two platforms have the object type', kind: 'platform' as const };

/** The object type that is meant. */
export const OBJECT = { name: 'object', description: 'object type: contacts, public.leads' };
