/**
 * Values by field, as text; a name that is missing has no value. The options of a set are joined by `;` and sorted,
 * since their order means nothing.
 */
export type TrueValues = Readonly<Record<string, string>>;

/** Values to be written, as text; null empties a field. */
export type WrittenValues = Readonly<Record<string, string | null>>;
