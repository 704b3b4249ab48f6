import type { Candidate } from '../../../../src/checks/reconcile/join/join.js';
import type { Comparison } from '../../../../src/checks/reconcile/rows/columns.js';
import { type Mapping, matchForm, type SideIndex } from '../../../../src/mappings/index.js';
import type { PlatformRecord } from '../../../../src/records/index.js';
import { type Person, recordOf } from './people.js';

const valueOf = (record: PlatformRecord, name: string): PlatformRecord['fields'][string] | undefined =>
  name === 'key' ? record.key : record.fields[name];

/** Every record compared with every other one, by the comparers alone: what a join has to find. */
export function brute(
  mapping: Mapping,
  comparison: Comparison,
  left: readonly Person[],
  right: readonly Person[],
): { readonly candidates: readonly Candidate[]; readonly matched: number; readonly alone: readonly [number, number] } {
  const sides: [PlatformRecord[], PlatformRecord[]] = [
    left.map((person, n) => recordOf(0, person, `l${n}`)),
    right.map((person, n) => recordOf(1, person, `r${n}`)),
  ];
  const candidates: Candidate[] = [];
  let matched = 0;
  for (const [way, match] of mapping.match.entries()) {
    const formOf = (side: SideIndex, record: PlatformRecord): string | undefined => matchForm(match, valueOf(record, match.names[side]));
    const forms = new Set(sides[0].map((record) => formOf(0, record)).filter((form) => form !== undefined));
    for (const form of forms) {
      const a = sides[0].filter((record) => formOf(0, record) === form);
      const b = sides[1].filter((record) => formOf(1, record) === form);
      const [one, other] = [a[0], b[0]];
      if (one === undefined || other === undefined) continue;
      if (a.length > 1 || b.length > 1) candidates.push({ kind: 'twice', way, keys: [a.map(({ key }) => key), b.map(({ key }) => key)] });
      else {
        matched += 1;
        const fields = comparison.fields.flatMap(({ field, comparer }, place) =>
          comparer.verdict(valueOf(one, field.names[0]), valueOf(other, field.names[1])) === 'same' ? [] : [place],
        );
        if (fields.length > 0) candidates.push({ kind: 'pair', keys: [one.key, other.key], fields });
      }
      sides[0] = sides[0].filter((record) => !a.includes(record));
      sides[1] = sides[1].filter((record) => !b.includes(record));
    }
  }
  const alone: [number, number] = [0, 0];
  for (const side of [0, 1] as const)
    for (const record of sides[side])
      if (side === 1 && record.fields['status'] === 'GONE') alone[1] += 1;
      else candidates.push({ kind: 'alone', side, key: record.key });
  return { candidates, matched, alone };
}
