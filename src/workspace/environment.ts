/** What a platform entry is: declared in runback.yml, then checked against the platform itself. */
export type Environment = 'production' | 'staging' | 'sandbox';
