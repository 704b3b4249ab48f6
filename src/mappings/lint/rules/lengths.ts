import type { FieldSchema } from '../../../records/index.js';
import type { Mapping, MappedField, SideIndex } from '../../document/mapping.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';

/** Texts of any length are no finding where so many characters fit: what is longer than that is no value that anybody syncs. */
const ROOMY = 32_000;

/** Texts that do not fit where they go, and cuts that are longer than what fits. */
export function* lengthRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas } of pairs)
    for (const [from, to] of waysOf(field)) {
      const [source, target] = [schemas[from], schemas[to]];
      const room = target?.maxLength;
      if (source === undefined || room === undefined) continue;
      const there = `${shownField(mapping, to, field.names[to])} holds ${room} characters`;
      if (field.values !== undefined) {
        const long = field.values.map((pair) => pair[to]).filter((option) => option.length > room);
        const path = ['fields', index, 'values'];
        if (long.length > 0) yield { rule: 'too-long', path, message: `${there}, and values has longer ones: "${long.join('", "')}"` };
        continue;
      }
      yield* bytesFinding(mapping, { index, to, field, source, target });
      if (field.max !== undefined) {
        if (field.max > room) yield { rule: 'max-too-long', path: ['fields', index, 'max'], message: `${there}, and max is ${field.max}` };
        continue;
      }
      const longest = longestOf(source);
      if (longest <= room || (longest === Infinity && room >= ROOMY)) continue;
      const here = longest === Infinity ? 'texts of any length' : `up to ${longest}`;
      yield {
        rule: 'too-long',
        path: ['fields', index, mapping.sides[to].name],
        message: `${there}, and ${shownField(mapping, from, field.names[from])} ${here}`,
        next: `max: ${room} in the mapping, if what is longer is to be cut; or make the field longer`,
      };
    }
}

/** Letters of other scripts take up to so many bytes; only signs such as emoji take four. */
const BYTES_A_LETTER = 3;

interface Texts {
  readonly index: number;
  readonly to: SideIndex;
  readonly field: MappedField;
  readonly source: FieldSchema;
  readonly target: FieldSchema | undefined;
}

/** As many characters as fit, and more bytes than that. */
function* bytesFinding(mapping: Mapping, { index, to, field, source, target }: Texts): Generator<Said> {
  const room = target?.maxBytes;
  if (room === undefined) return;
  const longest = field.max ?? longestOf(source);
  if (source.type !== 'string' || longest > (target?.maxLength ?? room) || longest * BYTES_A_LETTER <= room) return;
  yield {
    rule: 'too-long',
    severity: 'warning',
    path: ['fields', index, mapping.sides[to].name],
    message: `${shownField(mapping, to, field.names[to])} holds ${room} bytes: of other letters than a to z that are as few as ${Math.floor(room / BYTES_A_LETTER)} characters, and up to ${longest} come`,
    next: `max: ${Math.floor(room / BYTES_A_LETTER)} in the mapping`,
  };
}

/** Characters of the longest value that a field can hold. */
function longestOf({ type, maxLength, options }: FieldSchema): number {
  if (maxLength !== undefined) return maxLength;
  switch (type) {
    case 'enum':
      return options === undefined ? Infinity : Math.max(0, ...options.map((option) => option.length));
    case 'set':
      return options === undefined ? Infinity : options.reduce((sum, option) => sum + option.length + 1, -1);
    case 'boolean':
      return 5;
    case 'integer':
      return 17;
    case 'date':
      return 10;
    case 'datetime':
      return 32;
    case 'time':
      return 21;
    case 'number':
      return 40;
    default:
      return Infinity;
  }
}
