import type { Setting } from '../../connectors/index.js';

/** The same thing in two accounts; on one side alone where the other does not have it. */
export interface Matched {
  readonly test?: Setting;
  readonly production?: Setting;
  /** What it is called: in production, where it is there. */
  readonly name: string;
}

/**
 * Which settings of two accounts are the same thing: those of the same id, then those of the same name, the first with
 * the first where several share one. In the order of production; what only the test environment has comes last.
 */
export function matchUp(test: readonly Setting[], production: readonly Setting[]): readonly Matched[] {
  const taken = new Map<Setting, Setting>();
  const free = new Set(test);
  const pair = (isSame: (a: Setting, b: Setting) => boolean): void => {
    const index = [...free];
    for (const there of production) {
      if (taken.has(there)) continue;
      const here = index.find((one) => free.has(one) && isSame(one, there));
      if (here === undefined) continue;
      taken.set(there, here);
      free.delete(here);
    }
  };
  if (production.some(({ id }) => id !== undefined)) pair((a, b) => a.id !== undefined && a.id === b.id);
  pairByName(production, free, taken);
  const named = numbered([...production, ...free]);
  return [
    ...production.map((there, i) => {
      const here = taken.get(there);
      return { ...(here === undefined ? {} : { test: here }), production: there, name: named[i] ?? there.name };
    }),
    ...[...free].map((here, i) => ({ test: here, name: named[production.length + i] ?? here.name })),
  ];
}

function pairByName(production: readonly Setting[], free: Set<Setting>, taken: Map<Setting, Setting>): void {
  const byName = new Map<string, Setting[]>();
  for (const one of free) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  for (const there of production) {
    if (taken.has(there)) continue;
    const here = byName.get(there.name)?.shift();
    if (here === undefined) continue;
    taken.set(there, here);
    free.delete(here);
  }
}

/** Names by which each can be told from the others: `Welcome`, `Welcome (2)`. */
function numbered(settings: readonly Setting[]): readonly string[] {
  const seen = new Map<string, number>();
  return settings.map(({ name }) => {
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name} (${n})`;
  });
}
