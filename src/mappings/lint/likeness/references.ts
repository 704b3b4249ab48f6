import type { FieldSchema } from '../../../records/index.js';
import { RECORD_KEY } from '../../../workspace/index.js';
import { type FieldPair, type LintContext, type Said, shownField, waysOf } from '../context.js';

/** Fields that name another record by its key, which is another one on the other side. */
export function* referenceRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const pair of pairs) {
    const { field, index, schemas } = pair;
    // A table says which key stands for which.
    if (field.values !== undefined) continue;
    for (const [from, to] of waysOf(field)) {
      const [source, target] = [schemas[from], schemas[to]];
      const wanted = target === undefined ? [] : refersTo(target);
      if (target === undefined || wanted.length === 0 || source === undefined) continue;
      const said = mismatch(pair, source, wanted, mapping.sides[from].platform === mapping.sides[to].platform);
      if (said === undefined) continue;
      const [here, there] = [shownField(mapping, from, field.names[from]), shownField(mapping, to, field.names[to])];
      yield {
        rule: 'reference-mismatch',
        severity: said.severity,
        path: ['fields', index, mapping.sides[to].name],
        message: `${there} holds the key of a record (${wanted.join(', ')}), and ${here} ${said.holds}`,
        next: 'values in the mapping, with the key on the other side for each',
      };
    }
  }
}

interface Mismatch {
  readonly holds: string;
  readonly severity: 'error' | 'warning';
}

function mismatch({ field }: FieldPair, source: FieldSchema, wanted: readonly string[], onePlatform: boolean): Mismatch | undefined {
  const held = refersTo(source);
  if (held.length > 0) {
    if (!onePlatform) return { holds: `one of the other platform (${held.join(', ')}), where keys are others`, severity: 'error' };
    return held.every((one) => wanted.includes(one)) ? undefined : { holds: `one of another kind (${held.join(', ')})`, severity: 'error' };
  }
  if (field.names.includes(RECORD_KEY)) return undefined;
  if (!['string', 'integer', 'number', 'other'].includes(source.type)) return { holds: `is ${source.type}`, severity: 'error' };
  // A text may hold keys of the other side: that is what it is often there for.
  return { holds: 'any text: only what is the key of such a record is taken', severity: 'warning' };
}

/** Object types whose keys a field holds. */
export function refersTo({ refersTo: told, platformType }: FieldSchema): readonly string[] {
  const [, listed] = /^reference\(([^)]*)\)/u.exec(platformType) ?? [];
  return told ?? listed?.split(',').filter((one) => one !== '') ?? [];
}
