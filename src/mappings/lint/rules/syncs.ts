import { didYouMean } from '../../../lib/index.js';
import { type Mapping, otherSide, type SideIndex, writtenSides } from '../../document/mapping.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';
import type { LintInput, LintRule } from '../types.js';

type Sync = LintInput['syncs'][number];

/** What the syncs of runback.yml say of themselves, and the mapping says otherwise. */
export function* syncRule({ input, mapping }: LintContext): Generator<Said> {
  const names = input.syncs.map(({ name }) => name);
  for (const [index, name] of (mapping.syncs ?? []).entries())
    if (!names.includes(name))
      yield { rule: 'sync-unknown', path: ['syncs', index], message: `there is no sync "${name}" in runback.yml${didYouMean(name, names)}` };
  const carriers = input.syncs.filter(({ name }) => mapping.syncs === undefined || mapping.syncs.includes(name));
  if (carriers.length === 0) return;
  // Of syncs that nobody says carry this mapping, nothing is certain.
  const severity = mapping.syncs === undefined ? 'warning' : 'error';
  for (const side of [0, 1] as const)
    if (mapping.fields.some((field) => writtenSides(field).includes(side)) && writersTo(carriers, mapping, side).length === 0)
      yield {
        rule: 'sync-not-writing',
        severity,
        path: ['between', mapping.sides[side].name],
        message: `no sync ${mapping.syncs === undefined ? 'of runback.yml' : 'of the mapping'} writes to ${mapping.sides[side].platform}, and the mapping does`,
      };
  yield* declared(mapping, carriers, severity);
  yield* carriedOtherwise(mapping, carriers);
}

/** What `syncs.*.fields` say. */
function* declared(mapping: Mapping, carriers: readonly Sync[], severity: 'error' | 'warning'): Generator<Said> {
  for (const [index, field] of mapping.fields.entries())
    for (const [from, to] of waysOf(field)) {
      const said = (rule: LintRule, side: SideIndex, message: string): Said => ({
        rule,
        severity,
        path: ['fields', index, mapping.sides[side].name],
        message,
      });
      const writers = writersTo(carriers, mapping, to);
      const place = `${mapping.sides[to].object}.${field.names[to]}`;
      if (writers.length > 0 && writers.every(({ fields }) => fields !== undefined && !fields.includes(place)))
        yield said(
          'sync-not-declaring',
          to,
          `${shownField(mapping, to, field.names[to])} is written here, and is not among what ${list(writers)} says it is there to write (syncs.*.fields)`,
        );
      if (field.flow.kind === 'two-way') continue;
      const own = `${mapping.sides[from].object}.${field.names[from]}`;
      const against = writersTo(carriers, mapping, from).filter(({ fields }) => fields?.includes(own));
      if (against.length > 0)
        yield said(
          'authority-contradicted',
          from,
          `${shownField(mapping, from, field.names[from])} counts here, and ${list(against)} says that it writes it (syncs.*.fields)`,
        );
    }
}

/** What `syncs.*.carries` say of the same two object types. */
function* carriedOtherwise(mapping: Mapping, carriers: readonly Sync[]): Generator<Said> {
  for (const { name, carries = [] } of carriers)
    for (const { sides, fields } of carries) {
      const turned = isSide(mapping, 0, sides[1]) && isSide(mapping, 1, sides[0]);
      if (!turned && !(isSide(mapping, 0, sides[0]) && isSide(mapping, 1, sides[1]))) continue;
      for (const { names, authority } of fields) {
        if (authority === undefined) continue;
        const counts = turned ? otherSide(authority) : authority;
        const [left, right] = turned ? [names[1], names[0]] : names;
        const index = mapping.fields.findIndex((field) => field.names[0] === left && field.names[1] === right);
        const flow = mapping.fields[index]?.flow;
        if (flow === undefined || (flow.kind === 'one-way' && flow.from === counts)) continue;
        yield {
          rule: 'authority-contradicted',
          path: ['fields', index],
          message: `${flow.kind === 'two-way' ? 'both sides count' : `${mapping.sides[flow.from].name} counts`} here, and ${mapping.sides[counts].name} by what sync ${name} carries (syncs.${name}.carries)`,
        };
      }
    }
}

function isSide({ sides }: Mapping, side: SideIndex, other: { readonly platform: string; readonly object: string }): boolean {
  return sides[side].platform === other.platform && sides[side].object === other.object;
}

function writersTo(syncs: readonly Sync[], { sides }: Mapping, side: SideIndex): readonly Sync[] {
  return syncs.filter(({ writes_to }) => writes_to.includes(sides[side].platform));
}

const list = (syncs: readonly Sync[]): string => `sync ${syncs.map(({ name }) => name).join(', ')}`;
