/** What a platform entry is: declared in runback.yml, then checked against the platform itself. */
export type Environment = (typeof ENVIRONMENTS)[number];

/** All of them, the one to be most careful with first. */
export const ENVIRONMENTS = ['production', 'staging', 'sandbox'] as const;
