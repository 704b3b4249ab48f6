/**
 * Journals and plans are written by other parts, and perhaps by another version of them. What is read here for people
 * is taken where it has the expected shape and passed over where it has not.
 */
export type Unknowns = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Unknowns {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unknowns) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((one): one is string => typeof one === 'string');
}

/** Name to number, of the members that are numbers. */
export function countsOf(value: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(objectOf(value)).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/** Counts by name, most first, then by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  sorted(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  }
}

/** Every `correlationId` in data of errors, however deep: what a vendor's support asks for. */
export function correlationIdsIn(value: unknown, found: Set<string> = new Set<string>(), depth = 0): Set<string> {
  if (typeof value !== 'object' || value === null || depth > 8) return found;
  for (const [name, member] of Object.entries(value)) {
    if (name === 'correlationId' && typeof member === 'string' && member !== '') found.add(member);
    else correlationIdsIn(member, found, depth + 1);
  }
  return found;
}
