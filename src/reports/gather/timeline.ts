import { failureLines } from '../../incidents/index.js';
import type { Incident } from '../../incidents/index.js';
import { utcText } from '../../lib/index.js';
import { defined } from '../../lib/index.js';
import type { PausedSync, ReportLine, RestoreFacts, RunFacts } from '../types.js';

/** What happened, in order: of the incident, its runs, restores and pauses. */
export function timelineOf(
  incident: Incident,
  runs: readonly RunFacts[],
  restores: readonly RestoreFacts[],
  syncs: readonly PausedSync[],
): readonly ReportLine[] {
  const lines: ReportLine[] = withoutFailures(incident).map(({ at, by, source, text, link }) => ({
    at,
    by,
    source,
    text: readable(text),
    ...defined({ evidence: link }),
  }));
  for (const { id, events } of runs)
    for (const { at, by, text } of events) lines.push({ at, by, text, source: 'run', evidence: { kind: 'run', id } });
  for (const { id, by, plan, startedAt, finishedAt, undoneAt } of restores) {
    const add = (at: string | undefined, text: string): void => {
      if (at !== undefined && at !== '') lines.push({ at, by, text, source: 'restore', evidence: { kind: 'restore', id } });
    };
    add(startedAt, `Restore of ${plan} began`);
    add(finishedAt, `Restore of ${plan} ended`);
    add(undoneAt, `Restore of ${plan} was undone`);
  }
  for (const { pause, sync, by, at, earlier, state, resumedAt, resumedBy } of syncs) {
    const evidence = { kind: 'pause', id: pause } as const;
    if (earlier === 'running') lines.push({ at, by, source: 'syncs', text: `Sync ${sync} paused`, evidence });
    if (resumedAt !== undefined && state === 'resumed')
      lines.push({ at: resumedAt, by: resumedBy ?? by, source: 'syncs', text: `Sync ${sync} resumed`, evidence });
  }
  return lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** The timeline, with pages that failed together as one line: twenty of one cause say no more than one. */
function withoutFailures({ timeline, pages }: Incident): Incident['timeline'] {
  const lines: Incident['timeline'][number][] = [];
  let together: (string | undefined)[] = [];
  for (const entry of timeline) {
    const last = lines.at(-1);
    if (entry.type !== 'page.settled' || last?.type !== 'page.settled') {
      lines.push(entry);
      together = [entry.page];
      continue;
    }
    together.push(entry.page);
    const failed = pages.filter(({ key }) => together.includes(key));
    const cause = failureLines(
      failed.map(({ to, why, needs }) => ({ channel: to.channel, why, needs })),
      true,
    );
    lines[lines.length - 1] = { ...last, text: `${cause.join('. ')}.` };
  }
  return lines;
}

/** For people: times as everywhere in the report. */
function readable(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/gu, (at) => utcText(at));
}
