import { pipeline } from 'node:stream/promises';

import type { Value } from '../../records/index.js';
import type { PlanConflict } from '../../restores/index.js';
import { csvLine } from '../../snapshots/index.js';
import type { OpenPlan } from '../prompts/operator-deps.js';
import type { OutputFile } from '../shell/output-file.js';
import { type Looks, noLooks, sideText } from '../views/restores/record.js';

const COLUMNS = ['name', 'address', 'page', 'object', 'key', 'field', 'conflict', 'before', 'damaged', 'now', 'what it means', 'by hand'] as const;

/** Lines whose records are named together. */
const TOGETHER = 500;

/**
 * Writes what a plan leaves for people as CSV (RFC 4180, UTF-8), one line a conflict with the name of its record and
 * the page that opens it, for a list to work through. Gives the number of lines.
 */
export async function writeLeft(plan: Pick<OpenPlan, 'lines' | 'looks'>, file: OutputFile): Promise<number> {
  let lines = 0;
  const texts = async function* (): AsyncGenerator<string> {
    yield csvLine(COLUMNS);
    let together: PlanConflict[] = [];
    const flush = async (): Promise<string> => {
      const looks = (await plan.looks?.(together)) ?? noLooks;
      const text = together.map((line) => csvLine(cellsOf(line, looks))).join('');
      lines += together.length;
      together = [];
      return text;
    };
    for await (const line of plan.lines()) {
      if (line.kind !== 'conflict') continue;
      together.push(line);
      if (together.length === TOGETHER) yield await flush();
    }
    yield await flush();
  };
  await file.write((output) => pipeline(texts, output));
  return lines;
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
