import type { Escalation } from '../../escalation/index.js';
import { defined, isRunbackError } from '../../lib/index.js';
import type { Outbox } from '../../notify/index.js';
import type { Appender } from '../journals.js';
import { type Incident, ROBOT } from '../types.js';
import { type PageLinks, pageOf } from './planned.js';

/** Writes down how pages have ended, and takes each out of the outbox. */
export async function recordEnds(incident: Incident, append: Appender, outbox: Outbox): Promise<void> {
  // Written down by a process that died before it could take it out.
  if (incident.lastSettled !== undefined) await outbox.forget(incident.lastSettled);
  for (const { key } of incident.pages.filter(({ state }) => state === 'open')) {
    const record = await outbox.read(key).catch(orUndefined);
    // One that cannot be read is put in again afterwards, by what the journal knows of it.
    if (!record || record.state === 'queued') continue;
    const last = record.attempts.at(-1);
    await append(
      'page.settled',
      {
        key,
        state: record.state,
        attempts: record.attempts.length,
        ...(last?.why === undefined ? {} : { why: last.why }),
        ...(last?.needs === undefined ? {} : { needs: last.needs }),
        ...defined({ bundle: record.bundle }),
        ...(last?.receipt === undefined ? {} : { receipt: last.receipt }),
      },
      ROBOT,
    );
    await outbox.forget(key);
  }
}

/** Puts every page that is open into the outbox, also those of a process that died before it could. */
export async function mailOpen(incident: Incident, file: Escalation, outbox: Outbox, links: PageLinks | undefined): Promise<void> {
  for (const line of incident.pages)
    if (line.state === 'open' && line.kind !== 'bundle' && line.kind !== 'test')
      await outbox.put(pageOf(incident, file, line.kind, line, line.at, links));
}

function orUndefined(error: unknown): undefined {
  if (!isRunbackError(error, 'document-damaged')) throw error;
}
