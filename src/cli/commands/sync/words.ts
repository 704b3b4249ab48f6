/** The syncs that are meant. */
export const NAMES = { name: 'names', description: 'names of syncs as in runback.yml', kind: 'sync' as const, optional: true, variadic: true };
