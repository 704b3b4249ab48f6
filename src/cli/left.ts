import { once } from 'node:events';
import { unlink } from 'node:fs/promises';

import { fromFileSystem } from '../lib/index.js';
import type { Plan, PlanConflict } from '../restores/index.js';
import { csvLine } from '../snapshots/index.js';
import { newFile } from './new-file.js';

const COLUMNS = ['object', 'key', 'field', 'conflict', 'before', 'damaged', 'now', 'what it means', 'by hand'] as const;

/** Writes what a plan leaves for people as CSV (RFC 4180, UTF-8), one line a conflict, for a list to work through. Gives the number of lines. */
export async function writeLeft(plan: Pick<Plan, 'lines'>, path: string): Promise<number> {
  const output = await newFile(path);
  let trouble: unknown;
  output.on('error', (error) => (trouble = fromFileSystem(error, path)));
  const put = async (text: string): Promise<void> => {
    if (!output.write(text)) await Promise.race([once(output, 'drain'), once(output, 'close')]);
    if (trouble !== undefined) throw trouble;
  };
  try {
    await put(csvLine(COLUMNS));
    let lines = 0;
    for await (const line of plan.lines()) {
      if (line.kind !== 'conflict') continue;
      await put(csvLine(cellsOf(line)));
      lines += 1;
    }
    output.end();
    if (!output.closed) await once(output, 'close');
    if (trouble !== undefined) throw trouble;
    return lines;
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

function cellsOf({ object, key, field, code, base, damaged, live, message, byHand }: PlanConflict): Parameters<typeof csvLine>[0] {
  return [object, key, field, code, base, damaged, live, message, byHand];
}
