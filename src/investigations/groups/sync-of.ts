import type { KnownSync } from '../types.js';

/** The declared sync that writes under a name; a declared name that ends in `*` is a beginning. */
export function syncOf(writer: string | undefined, syncs: readonly KnownSync[]): KnownSync | undefined {
  if (writer === undefined) return undefined;
  return syncs.find(({ writesAs }) => writesAs.some((name) => (name.endsWith('*') ? writer.startsWith(name.slice(0, -1)) : name === writer)));
}
