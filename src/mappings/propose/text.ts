import type { FieldSchema } from '../../records/index.js';
import { type SideIndex, otherSide } from '../document/mapping.js';
import { proposeMatches, type ProposedPair, type ProposedSide } from './pairs.js';

/** What a person decided of a proposal. */
export interface MappingChoices {
  readonly id: string;
  readonly sides: readonly [ProposedSide, ProposedSide];
  readonly pairs: readonly ProposedPair[];
  /** The side whose values count where both could. */
  readonly authority: SideIndex;
  /** Of phone numbers without a country code; undefined: only those with one are read. */
  readonly country?: string;
}

/** Most fields that are named in a comment. */
const MOST_NAMED = 60;

/**
 * The file of a mapping as a person confirmed it, with comments: what each field is called and of which type it is, options
 * without a counterpart, and the fields that are not mapped. It fits the format.
 */
export function proposedText(choices: MappingChoices): string {
  const { id, sides, pairs } = choices;
  const [left, right] = sides;
  return [
    `# Proposed by runback mapping init from the fields of both platforms, and confirmed by a person. Check it: runback mapping lint ${id}`,
    'version: 1',
    `id: ${id}`,
    `between: { ${left.name}: ${word(`${left.platform}/${left.schema.object}`)}, ${right.name}: ${word(`${right.platform}/${right.schema.object}`)} }`,
    ...matchLines(sides),
    'settle: 5m',
    '# What becomes of the other record when one is deleted: deleted, inactive or kept.',
    `# on_delete: { ${left.name}: kept in ${right.name} }`,
    'fields:',
    ...pairs.flatMap((pair) => pairLines(pair, choices)),
    ...([0, 1] as const).flatMap((side) => leftLines(choices, side)),
    '',
  ].join('\n');
}

function matchLines(sides: MappingChoices['sides']): readonly string[] {
  const [left, right] = sides;
  const ways = proposeMatches(left, right);
  const line = ({ names, as, unique }: (typeof ways)[number]): string =>
    `  - { ${left.name}: ${word(names[0])}, ${right.name}: ${word(names[1])}${as === undefined ? '' : `, as: ${as}`} }${unique ? '' : '   # not unique on both sides'}`;
  const head = ['# How a record of one side is found on the other, tried in order. key is the key of the record.', 'match:'];
  if (ways.length > 0) return [...head, ...ways.map(line)];
  return [...head, `  - { ${left.name}: key, ${right.name}: key }   # no field was found that both share: name one`];
}

function pairLines({ fields, as, options, room, authority }: ProposedPair, { sides, authority: usual, country }: MappingChoices): readonly string[] {
  const from = authority ?? usual;
  const to = otherSide(from);
  const kind = as === 'phone' && country !== undefined ? `phone/${country}` : as;
  const lost = options?.alone[from] ?? [];
  const more = [
    ...(kind === undefined ? [] : [`as: ${kind}`]),
    ...(options?.values === undefined || options.values.length === 0
      ? []
      : [`values: { ${options.values.map(([a, b]) => `${word(a)}: ${word(b)}`).join(', ')} }`]),
    ...(room[to] === undefined || options !== undefined ? [] : [`max: ${room[to]}`]),
  ];
  return [
    `  # ${about(fields[0])} ${from === 0 ? '→' : '←'} ${about(fields[1])}`,
    ...(lost.length === 0 ? [] : [`  # ${sides[from].name} has options without a counterpart: ${comment(lost.join(', '))}`]),
    `  - { ${[`${sides[0].name}: ${word(fields[0].name)}`, `${sides[1].name}: ${word(fields[1].name)}`, `authority: ${sides[from].name}`, ...more].join(', ')} }`,
  ];
}

/** Fields of a side that could be mapped and are not. */
function leftLines({ pairs, sides }: MappingChoices, side: SideIndex): readonly string[] {
  const used = new Set(pairs.map(({ fields }) => fields[side].name));
  const left = sides[side].schema.fields.filter(({ name, readOnly, setByItself }) => !used.has(name) && !readOnly && setByItself !== true);
  if (left.length === 0) return [];
  const named = left.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = left.length > named.length ? ` and ${left.length - named.length} more` : '';
  return [`# Not mapped, of ${sides[side].name}: ${comment(named.join(', '))}${more}`];
}

function about({ name, label, platformType }: FieldSchema): string {
  return comment(`${label ?? name} (${platformType})`);
}

/** In a comment nothing may end the line. */
const comment = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');

const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n|~)$/iu;

/** A text in YAML: bare where it can only be that text. */
function word(text: string): string {
  return /^[A-Za-z][\w./-]*(?: [\w./-]+)*$/u.test(text) && !RESERVED.test(text) ? text : JSON.stringify(text);
}
