import type { Kept } from '../store.js';
import type { Database, Row } from './database.js';

/** What changes with every write of a journal or document. */
const MARKS = {
  journals: { table: 'journal_head', mark: `own.seq || ' ' || own.hash` },
  documents: { table: 'document', mark: 'own.version' },
} as const;

/** Looks at what is not known to be settled, and remembers what was found to be; see {@link Store.unsettled}. */
export async function lookAtUnsettled(
  database: Database,
  { what, kind, meaning, atOnce = 1, named = [] }: Kept,
  look: (id: string) => Promise<boolean>,
): Promise<void> {
  const { s } = database;
  const { table, mark } = MARKS[what];
  const rows = await database.ask(
    `SELECT own.id, ${mark} AS mark FROM ${s}${table} AS own
     LEFT JOIN ${s}settled AS known ON known.what = $1 AND known.kind = own.kind AND known.id = own.id AND known.meaning = $3 AND known.mark = ${mark}
     WHERE own.kind = $2 AND known.id IS NULL AND own.id <> ALL ($4::text[]) ORDER BY own.id`,
    [what, kind, meaning, named],
  );
  const one = async (row: Row): Promise<void> => {
    const id = row['id'] ?? '';
    if (!(await look(id))) return;
    // What changed while it was read is not what was read: its mark is another one by now.
    await database.ask(
      `INSERT INTO ${s}settled (what, kind, id, meaning, mark) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (what, kind, id) DO UPDATE SET meaning = excluded.meaning, mark = excluded.mark`,
      [what, kind, id, meaning, row['mark']],
    );
  };
  for (let from = 0; from < rows.length; from += atOnce) await Promise.all(rows.slice(from, from + atOnce).map(one));
}
