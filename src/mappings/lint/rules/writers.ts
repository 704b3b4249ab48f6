import { RECORD_KEY } from '../../../workspace/index.js';
import { type Mapping, writtenSides } from '../../document/mapping.js';
import { type LintContext, type Said, shownField } from '../context.js';

interface Writer {
  readonly mapping: Mapping;
  readonly index: number;
  readonly side: 0 | 1;
}

/** Fields that two mappings write, or one mapping twice. Both are told. */
export function* writerFindings(contexts: readonly LintContext[]): Generator<readonly [Mapping, Said]> {
  const writers = new Map<string, Writer[]>();
  for (const { mapping } of contexts)
    for (const [index, field] of mapping.fields.entries())
      for (const side of writtenSides(field)) {
        const { platform, object } = mapping.sides[side];
        if (field.names[side] === RECORD_KEY) continue;
        const place = JSON.stringify([platform, object, field.names[side]]);
        const known = writers.get(place);
        if (known === undefined) writers.set(place, [{ mapping, index, side }]);
        else known.push({ mapping, index, side });
      }
  for (const all of writers.values()) {
    if (all.length < 2) continue;
    for (const { mapping, index, side } of all) {
      const others = all.filter((other) => other.mapping !== mapping || other.index !== index);
      const names = others.map((other) => `${other.mapping.id}, line ${other.mapping.place(['fields', other.index]).line}`);
      const shown = shownField(mapping, side, mapping.fields[index]?.names[side] ?? '');
      yield [
        mapping,
        {
          rule: 'written-twice',
          path: ['fields', index, mapping.sides[side].name],
          message: `${shown} is written by ${[...new Set(names)].join('; ')} too: the last one wins each time`,
        },
      ];
    }
  }
}
