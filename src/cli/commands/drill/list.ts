import { drillPlace, type DrillPlace } from '../../flows/drills/drills.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { drillList } from '../../views/drill.js';

/** `runback drill list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Drills, what each rehearses, and when it last passed', run: list };

async function list(context: CommandContext): Promise<Outcome> {
  const place = await drillPlace(context);
  const last = await lastResults(place);
  const data = place.files.map(({ id, path, drill, problem }) => ({
    id,
    path,
    ...(drill === undefined
      ? { problem }
      : { title: drill.title, runbook: drill.document.runbook, faults: drill.faults.map(({ fault }) => fault.kind) }),
    ...(last.has(id) ? { last: { at: last.get(id)?.startedAt, passed: last.get(id)?.passed } } : {}),
  }));
  return { data, text: (style) => drillList(place.files, last, style) };
}

/** The newest result of each drill, by its id. */
async function lastResults({ session }: DrillPlace): Promise<ReadonlyMap<string, { readonly startedAt: string; readonly passed: boolean }>> {
  if (session === undefined) return new Map();
  const { readResults } = await import('../../../drills/index.js');
  return new Map((await readResults(session.store)).map((result) => [result.drill, result]));
}
