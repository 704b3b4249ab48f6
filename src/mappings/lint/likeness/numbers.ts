import type { FieldSchema } from '../../../records/index.js';
import { roomOf } from '../../values/room.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';

/** Where so large a number fits, larger ones are no values that anybody syncs. */
const ROOMY = 9_999_999_999n;

/** Numbers of a type that holds larger ones, or more digits, than where they go. Digits after the point are for the types to tell. */
export function* numberRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas } of pairs)
    for (const [from, to] of waysOf(field)) {
      const [source, target] = [schemas[from], schemas[to]];
      if (source === undefined || target === undefined || field.values !== undefined) continue;
      const way = { from: shownField(mapping, from, field.names[from]), to: shownField(mapping, to, field.names[to]) };
      const path = ['fields', index, mapping.sides[to].name];
      const [given, room] = [roomOf(source), roomOf(target)];
      if (given.largest !== undefined && room.largest !== undefined && room.largest < ROOMY && given.largest > room.largest)
        yield {
          rule: 'number-too-large',
          severity: 'warning',
          path,
          message: `${way.to} (${target.platformType}) holds numbers up to ${room.largest}, and ${way.from} (${source.platformType}) larger ones`,
        };
      else if (given.exact !== undefined && isFloating(target) && given.exact > (room.exact ?? Infinity))
        yield {
          rule: 'digits-lost',
          severity: 'warning',
          path,
          message: `${way.to} (${target.platformType}) keeps ${room.exact} digits of a number, and ${way.from} (${source.platformType}) has up to ${given.exact}`,
        };
    }
}

/** Without a largest number, what does not fit is rounded and not refused. */
const isFloating = (schema: FieldSchema): boolean => roomOf(schema).largest === undefined;
