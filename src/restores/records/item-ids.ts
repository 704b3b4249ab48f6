/**
 * Ids of items in the journal of a restore, made and read here alone. `7` is change 7 of the plan, and counted. What
 * follows from a change is part of it and not counted again: its id is that of the change, a plus and what it is.
 */
const PART = '+';
const FIELDS = `${PART}fields`;
const BROUGHT = `brought${PART}`;

/** Whether this is a change of the plan itself. */
export const isChange = (id: string): boolean => !id.includes(PART);

/**
 * The update of fields that comes after a change: what an undelete does not bring back, and what the platform changed
 * beside it.
 */
export const fieldsAfter = (change: string | number): string => `${change}${FIELDS}`;

/** The change that {@link fieldsAfter} made this id for; undefined for any other id. */
export const changeOfFields = (id: string): string | undefined => (id.endsWith(FIELDS) ? id.slice(0, -FIELDS.length) : undefined);

/** What takes an interim value back. */
export const backAfter = (change: string | number): string => `${change}${PART}back`;

/** The `n`th link that went when the change was made, and comes back when it is undone. */
export const linkLostWith = (change: string, n: number): string => `${change}${PART}${n}`;

/** The `n`th link that came because of the change, and goes when it is undone. */
export const linkBroughtBy = (change: string, n: number): string => `${change}${PART}brought${n}`;

/** What takes a link away again that the platform made and nobody asked for; `link` as text. */
export const linkTakenAgain = (link: string): string => `${BROUGHT}${link}`;

/** Whether {@link linkTakenAgain} made this id. */
export const isLinkTakenAgain = (id: string): boolean => id.startsWith(BROUGHT);

/** What takes a record away that the platform made by itself. */
export const madeBeside = (object: string, key: string): string => `made${PART}${object}/${key}`;
