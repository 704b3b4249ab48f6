import { z } from 'zod';

const column = z.string().min(1);
const columns = z.union([column, z.array(column).min(1)]);

/** The format of `audit` of a platform in runback.yml. */
export const auditSchema = z
  .strictObject({
    table: z.string().min(1).describe('The audit table, as schema.table. Of a common shape, nothing else is needed.'),
    about: columns
      .exactOptional()
      .describe('Object type that it tells of, as in objects, where it is the audit table of one table; several where only those count.'),
    of: z
      .strictObject({
        schema: column.exactOptional().describe('Column with the schema of the table that was changed.'),
        name: column.exactOptional().describe('Column with its name.'),
        oid: column.exactOptional().describe('Column with its oid, in the place of the names.'),
      })
      .exactOptional()
      .describe('How an entry says which table it is about.'),
    names: z
      .record(z.string(), z.string().min(1))
      .exactOptional()
      .describe('What stands in the column of the name, by object type, where that is not the name of the table: { public.leads: Lead }.'),
    key: columns.exactOptional().describe('Column with the key of the record; several for a key of several columns, in its order.'),
    action: column.exactOptional().describe('Column with what was done: I, U, D, T; INSERT …; create, update, destroy.'),
    old: column.exactOptional().describe('Column with the whole row before (json, jsonb, hstore); with column, the one value before.'),
    new: column.exactOptional().describe('Column with the whole row after; with column, the one value after.'),
    column: column.exactOptional().describe('Column with the name of the one field that was changed.'),
    row: column.exactOptional().describe('Column with the whole row: before an update or a delete, after an insert.'),
    changed: column.exactOptional().describe('Together with row: column with what an update changed.'),
    changes: column.exactOptional().describe('Column with what was changed as {"field": [old, new]} (json, jsonb).'),
    copies: z
      .enum(['after'])
      .exactOptional()
      .describe('It has the columns of the table itself, which hold the row as it was after the write; of a delete, before it.'),
    at: column.exactOptional().describe('Column with the time.'),
    zone: column
      .exactOptional()
      .describe('Time zone of that column, where it has none: Europe/Berlin, UTC. Without it, the one in which sessions of the database begin.'),
    by: columns.exactOptional().describe('Column that names who wrote; several are joined with "/".'),
    order: column.exactOptional().describe('Column with a number that grows with each entry.'),
    since: z.iso
      .datetime({ offset: true })
      .exactOptional()
      .describe('Since when every change is in it, in quotes. Without it: since its oldest entry about the table.'),
  })
  .describe(
    'Where a database keeps who changed which value when: its audit table. All but table, about, names, copies, zone and since are names of its columns.',
  );
