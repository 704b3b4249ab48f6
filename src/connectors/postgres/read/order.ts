import type { ForeignKey, Table } from '../schema/table.js';

/**
 * Tables with parents before children. In a cycle, a reference that may be empty is followed last; where all of them
 * are required, the first by name goes first.
 */
export function parentsFirst(tables: readonly Table[], keys: readonly ForeignKey[]): Table[] {
  const left = new Map([...tables].sort((a, b) => (a.object < b.object ? -1 : 1)).map((table) => [table.object, table]));
  const ordered: Table[] = [];
  const waitsFor = (table: Table, onlyRequired: boolean): boolean =>
    keys.some(({ link }) => link.from === table.object && link.to !== table.object && left.has(link.to) && (!onlyRequired || link.required === true));
  while (left.size > 0) {
    const rest = [...left.values()];
    const next = rest.find((table) => !waitsFor(table, false)) ?? rest.find((table) => !waitsFor(table, true)) ?? rest[0];
    if (next === undefined) break;
    left.delete(next.object);
    ordered.push(next);
  }
  return ordered;
}
