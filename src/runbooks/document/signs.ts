/**
 * What checks, tests and reconciliations find, by which they choose the runbook whose symptoms fit:
 * - `missing`: records are not there that were, or that have to be;
 * - `not-arriving`: what was just written or submitted does not come to the other side, or too late;
 * - `doubled`: there are more records than there have to be;
 * - `value`: a field holds another value;
 * - `emptied`: a field is empty that is not to be;
 * - `option`: an option is lost, or has no counterpart;
 * - `consent`: a field differs that says who opted out;
 * - `refused`: calls or submissions are refused;
 * - `schema`: fields or options of a platform are not what they were, or not what they are elsewhere;
 * - `access`: scopes or permissions are missing, or a platform cannot be read.
 */
export const SIGNS = ['missing', 'not-arriving', 'doubled', 'value', 'emptied', 'option', 'consent', 'refused', 'schema', 'access'] as const;
export type Sign = (typeof SIGNS)[number];
