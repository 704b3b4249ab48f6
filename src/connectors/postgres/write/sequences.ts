import { ownValue } from '../../../records/index.js';
import type { CreateMutation, MutationResult } from '../../connector.js';
import { keyParts } from '../read/values.js';
import type { Column, Table } from '../schema/table.js';
import { target } from '../sql.js';
import type { Run } from './writer.js';

/**
 * Sentences about sequences that stand behind the records just created with their old numbers, after a `TRUNCATE …
 * RESTART IDENTITY` for example: the next record that anybody makes would clash with one of them. What sets each is in
 * the sentence; nothing is set here, since a sequence belongs to everybody who makes records. One that this user may
 * not read is passed over.
 */
export async function sequencesBehind(
  table: Table,
  mutations: readonly CreateMutation[],
  results: readonly MutationResult[],
  ask: Run,
): Promise<readonly string[]> {
  const sentences: string[] = [];
  for (const column of table.columns.values()) {
    if (column.sequence === undefined) continue;
    const largest = largestOf(column, mutations, results);
    if (largest === undefined) continue;
    let rows;
    try {
      rows = await ask(`SELECT last_value::pg_catalog.text, is_called::pg_catalog.text FROM ${column.sequence}`);
    } catch {
      continue;
    }
    const [stands, used] = rows[0] ?? [];
    const next = BigInt(stands ?? '0') + (used === 'true' ? 1n : 0n);
    if (largest < next) continue;
    const name = column.name.replaceAll('"', '""');
    const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
    sentences.push(
      `${table.object}: the next ${column.name} that ${column.sequence} gives is ${String(next)}, and records up to ${String(largest)} were created again; new records would clash with them. Set it once the restore is done: SELECT setval(${literal(column.sequence)}, (SELECT max("${name}") FROM ${target(table)}));`,
    );
  }
  return sentences;
}

function largestOf(column: Column, mutations: readonly CreateMutation[], results: readonly MutationResult[]): bigint | undefined {
  let largest: bigint | undefined;
  mutations.forEach((mutation, i) => {
    if (results[i]?.status !== 'applied') return;
    const { keyFields } = mutation.schema;
    const place = keyFields.indexOf(column.name);
    const text = place === -1 ? ownValue(mutation.set, column.name) : keyParts(mutation.key, keyFields)?.[place];
    if ((typeof text !== 'string' && typeof text !== 'number') || !/^-?\d+$/.test(String(text))) return;
    const number = BigInt(text);
    if (largest === undefined || number > largest) largest = number;
  });
  return largest;
}
