/**
 * What stands as the job in the notes of a snapshot that no backup job made: reconciliations take them too. No job of runback.yml can have such a
 * name, and those of each mapping are a job of their own.
 */
export const RECONCILED = 'reconcile/';

/** Of what a reconciliation of a mapping compares. */
export const reconciledBy = (mapping: string): string => `${RECONCILED}${mapping}`;

/** Of the values that a repair of it is planned with. */
export const repairedBy = (mapping: string): string => `${RECONCILED}${mapping}/repair`;

/** Of what a view is compared with. */
export const viewedBy = (platform: string, object: string): string => `${RECONCILED}view/${platform}/${object}`;
