import { didYouMean } from '../../../lib/index.js';
import type { SideIndex } from '../../document/mapping.js';
import { type LintContext, type Said, shownSide } from '../context.js';

/** Sides that lead nowhere, or that nobody could read; two mappings under one id. */
export function* sideRule({ input, mapping }: LintContext): Generator<Said> {
  if (input.mappings.some((other) => other !== mapping && other.id === mapping.id && other.file < mapping.file))
    yield { rule: 'id-twice', path: ['id'], message: `another file has a mapping "${mapping.id}" too` };
  for (const side of [0, 1] as const) yield* sideFindings(input, mapping, side);
}

function* sideFindings(input: LintContext['input'], mapping: LintContext['mapping'], side: SideIndex): Generator<Said> {
  const { name, platform, object } = mapping.sides[side];
  const path = ['between', name];
  if (!input.platforms.includes(platform)) {
    yield {
      rule: 'platform-unknown',
      path,
      message: `there is no platform "${platform}" in runback.yml${didYouMean(platform, input.platforms)}`,
    };
    return;
  }
  const read = input.schemaOf(platform, object);
  if ('unreadable' in read)
    yield {
      rule: 'unreadable',
      path,
      message: `${shownSide(mapping, side)} could not be read, so that nothing of this side is known to be right: ${read.unreadable}`,
      next: 'runback doctor',
    };
  else if ('missing' in read)
    yield {
      rule: 'object-unknown',
      path,
      message: read.said ?? `${platform} has no object type "${object}"${didYouMean(object, read.missing)}`,
    };
  else if (read.schema.refused !== undefined)
    yield { rule: 'object-refused', path, message: `${shownSide(mapping, side)} cannot be read record by record: ${read.schema.refused}` };
}
