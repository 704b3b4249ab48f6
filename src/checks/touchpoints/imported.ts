import { dirname, join, relative } from 'node:path';

import { RunbackError } from '../../lib/index.js';
import { stored } from '../../mappings/index.js';
import type { Fields, FieldSchema, ObjectSchema, Value } from '../../records/index.js';
import { sheetRows } from '../../snapshots/index.js';
import type { TouchpointTest } from '../document/load.js';

/** Most records of one test. */
const MOST_RECORDS = 10_000;

/**
 * What a CSV file of the workspace gives each record, where a test imports one. Throws `usage` for a file outside of the workspace, `file-invalid`
 * for a column that is no field, and for a value that its field cannot hold, and what reading throws.
 */
export async function importedRows({ document: { steps }, file }: TouchpointTest, schema: ObjectSchema): Promise<readonly Fields[] | undefined> {
  const [first] = steps;
  if (first === undefined || !('import' in first) || first.from === undefined) return undefined;
  const root = dirname(dirname(file));
  const path = join(root, first.from);
  if (relative(root, path).startsWith('..'))
    throw new RunbackError('usage', `${first.from} is not in the workspace`, { why: `${file} imports it.`, state: 'Nothing was written.' });
  const rows: Fields[] = [];
  for await (const { line, cells } of sheetRows(path)) {
    rows.push(Object.fromEntries([...cells].flatMap(([column, text]) => cellIn(schema, column, text, `${first.from}:${line}`))));
    if (rows.length > MOST_RECORDS) throw invalid(`${first.from} has more than ${MOST_RECORDS} lines`, 'A test creates so many records at most.');
  }
  if (rows.length === 0) throw invalid(`${first.from} has no lines`, 'There is nothing to import.');
  return rows;
}

function cellIn(schema: ObjectSchema, column: string, text: string, at: string): readonly (readonly [string, Value])[] {
  const field = schema.fields.find(({ name }) => name === column);
  if (field === undefined || field.readOnly)
    throw invalid(
      `${at} has the column ${column}, which cannot be written`,
      `${schema.object} ${field === undefined ? 'has no field of that name' : 'does not let it be written'}.`,
    );
  if (text === '') return [];
  const value = stored(field, valueFrom(field, text));
  if (value === undefined) throw invalid(`${at} has a value for ${column} that it cannot hold`, `It holds ${field.type}.`);
  return [[column, value]];
}

function valueFrom({ type }: FieldSchema, text: string): Value {
  if (type === 'set') return text.split(';').map((each) => each.trim());
  return type === 'boolean' && /^(true|false)$/iu.test(text) ? text.toLowerCase() === 'true' : text;
}

const invalid = (what: string, why: string): RunbackError => new RunbackError('file-invalid', what, { why, state: 'Nothing was written.' });
