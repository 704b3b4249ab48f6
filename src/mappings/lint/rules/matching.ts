import { RECORD_KEY } from '../../../workspace/index.js';
import type { MatchKey } from '../../document/mapping.js';
import { type LintContext, type Said, shownField } from '../context.js';
import { isUnique } from '../likeness/uniques.js';
import { unknownField } from './fields.js';

/** Ways of matching by fields that are not there, or of which two records may share a value. */
export function* matchRule({ mapping, schemas }: LintContext): Generator<Said> {
  let certain = false;
  for (const [index, match] of mapping.match.entries()) {
    const shared: string[] = [];
    for (const side of [0, 1] as const) {
      const schema = schemas[side];
      const name = match.names[side];
      if (schema === undefined) continue;
      const path = ['match', index, mapping.sides[side].name];
      const unknown = [...unknownField(mapping, side, schema, name, path, 'match-unknown')];
      yield* unknown;
      if (unknown.length === 0 && !isUnique(schema, name)) shared.push(shownField(mapping, side, name));
    }
    if (shared.length > 0)
      yield {
        rule: 'match-not-unique',
        // What is tried after a way that is certain finds what that one left.
        severity: certain ? 'warning' : 'error',
        path: ['match', index],
        message: `two records may share a value of ${shared.join(' and of ')}: then nobody knows which of them belongs to the other side`,
      };
    else certain ||= bothKnown(match, schemas);
  }
}

function bothKnown({ names }: MatchKey, schemas: LintContext['schemas']): boolean {
  return names.every(
    (name, side) => schemas[side] !== undefined && (name === RECORD_KEY || schemas[side].fields.some((field) => field.name === name)),
  );
}
