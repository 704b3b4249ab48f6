import type { Row, SomeRows } from '../rows.js';

/** Characters of a row. */
export const lengthOf = (row: Row): number => row.reduce((length, value) => length + (value?.length ?? 0), 0);

/** How statements are sent: one with values, or several without. */
interface Sending {
  readonly run: (text: string, values: readonly unknown[]) => Promise<readonly Row[]>;
  readonly send: (text: string) => Promise<readonly Row[]>;
}

/** Rows until they are longer than `length` together; within a transaction. */
export async function fetchUpTo(text: string, values: readonly unknown[], length: number, { run, send }: Sending): Promise<SomeRows> {
  const rows: Row[] = [];
  let came = 0;
  await run(`DECLARE up_to NO SCROLL CURSOR FOR ${text}`, values);
  for (let n = 1; ;) {
    const batch = await send(`FETCH ${String(n)} FROM up_to`);
    rows.push(...batch);
    for (const row of batch) came += lengthOf(row);
    const all = batch.length < n;
    if (all || came > length) {
      await send('CLOSE up_to');
      return { rows, all, failed: false };
    }
    // As many as are likely to fit, by those that have come.
    n = Math.max(1, Math.min(2 * n, Math.floor(((length - came) * rows.length) / (came + 1))));
  }
}
