import { once } from 'node:events';
import { unlink } from 'node:fs/promises';

import { fromFileSystem } from '../lib/index.js';
import type { Value } from '../records/index.js';
import type { PlanConflict } from '../restores/index.js';
import { csvLine } from '../snapshots/index.js';
import { newFile } from './new-file.js';
import type { OpenPlan } from './prompts/operator-deps.js';
import { type Looks, noLooks, sideText } from './views/record.js';

const COLUMNS = ['name', 'address', 'page', 'object', 'key', 'field', 'conflict', 'before', 'damaged', 'now', 'what it means', 'by hand'] as const;

/** Lines whose records are named together. */
const TOGETHER = 500;

/**
 * Writes what a plan leaves for people as CSV (RFC 4180, UTF-8), one line a conflict with the name of its record and the page that opens it,
 * for a list to work through. Gives the number of lines.
 */
export async function writeLeft(plan: Pick<OpenPlan, 'lines' | 'looks'>, path: string): Promise<number> {
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
    let together: PlanConflict[] = [];
    const flush = async (): Promise<void> => {
      const looks = (await plan.looks?.(together)) ?? noLooks;
      for (const line of together) await put(csvLine(cellsOf(line, looks)));
      lines += together.length;
      together = [];
    };
    for await (const line of plan.lines()) {
      if (line.kind !== 'conflict') continue;
      together.push(line);
      if (together.length === TOGETHER) await flush();
    }
    await flush();
    output.end();
    if (!output.closed) await once(output, 'close');
    if (trouble !== undefined) throw trouble;
    return lines;
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

function cellsOf(conflict: PlanConflict, looks: Looks): Parameters<typeof csvLine>[0] {
  const { object, key, field, code, base, damaged, live, message, byHand } = conflict;
  const { name, address, page } = looks(object, key);
  // A whole record is told in words; a value stays as it is.
  const side = (value: Value | undefined): Value | undefined =>
    field === undefined || isFields(value) ? sideText(value, field === undefined) : value;
  return [name, address, page, object, key, field, code, side(base), side(damaged), side(live), message, byHand];
}

const isFields = (value: Value | undefined): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
