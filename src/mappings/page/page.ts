import type { Block, DocumentSection, Inlines, TextDocument } from '../../document/index.js';
import { formatDuration } from '../../lib/index.js';
import type { Mapping } from '../document/mapping.js';
import { arrowOf, authorityText, blankText, deletionText, matchText, restOf, sameText, sideText } from './words.js';

/**
 * Mappings as a document that people hand around: a section each, with which side counts for each field, and all options. No
 * record and no value of anybody is in it.
 * @param at when it was made: ISO 8601, UTC.
 */
export function mappingPage(mappings: readonly Mapping[], at: string): TextDocument {
  return {
    title: mappings.length === 1 ? (mappings[0]?.title ?? `Mapping ${mappings[0]?.id ?? ''}`) : 'Mappings',
    lead: [['As the files said at ', { time: at }, '.']],
    sections: mappings.map((mapping) => sectionOf(mapping)),
  };
}

function sectionOf(mapping: Mapping): DocumentSection {
  const options = mapping.fields.flatMap((field) => optionsBlock(mapping, field) ?? []);
  return {
    title: mapping.id,
    blocks: [
      ...(mapping.title === undefined ? [] : [{ kind: 'paragraph', text: mapping.title } as const]),
      ...(mapping.note === undefined ? [] : [{ kind: 'paragraph', text: mapping.note } as const]),
      factsBlock(mapping),
      fieldsBlock(mapping),
      ...options,
    ],
  };
}

function factsBlock(mapping: Mapping): Block {
  const deletions = ([0, 1] as const).flatMap((side) => deletionText(mapping, side) ?? []);
  const rows: [string, Inlines][] = [
    ['Between', `${sideText(mapping, 0)} and ${sideText(mapping, 1)}`],
    ['Records are matched by', mapping.match.map((match) => matchText(mapping, match)).join('; else ')],
    ['A change may take', formatDuration(mapping.settleMs)],
    ...(mapping.creates === undefined
      ? []
      : [['Records are created in', mapping.creates.map((side) => mapping.sides[side].name).join(', ')] as [string, Inlines]]),
    ...(deletions.length === 0 ? [] : [['When a record is deleted', deletions.join('; ')] as [string, Inlines]]),
    ...(mapping.syncs === undefined ? [] : [['Carried by', mapping.syncs.join(', ')] as [string, Inlines]]),
    ['File', [{ code: mapping.digest.slice(0, 12) }, ' (SHA-256 of its text)']],
  ];
  return { kind: 'facts', caption: `About ${mapping.id}`, rows };
}

function fieldsBlock(mapping: Mapping): Block {
  const [left, right] = mapping.sides;
  return {
    kind: 'table',
    caption: `Fields of ${mapping.id}`,
    columns: [`${left.name}: ${left.object}`, 'Way', `${right.name}: ${right.object}`, 'Which side counts', 'Compared as', 'An empty value', 'More'],
    rows: mapping.fields.map((field) => ({
      cells: [
        { code: field.names[0] },
        arrowOf(field),
        { code: field.names[1] },
        authorityText(mapping, field),
        sameText(field),
        blankText(field),
        restOf(field, mapping).join('. '),
      ],
    })),
  };
}

function optionsBlock({ sides }: Mapping, { names, values }: Mapping['fields'][number]): Block | undefined {
  if (values === undefined) return undefined;
  return {
    kind: 'table',
    caption: `Options of ${sides[0].name}.${names[0]} and ${sides[1].name}.${names[1]}`,
    columns: [sides[0].name, sides[1].name],
    rows: values.map(([left, right]) => ({ cells: [left, right] })),
  };
}
