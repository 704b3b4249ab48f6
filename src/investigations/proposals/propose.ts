import type { FieldChange } from '../../connectors/index.js';
import { defined } from '../../lib/index.js';
import { syncOf } from '../groups/sync-of.js';
import { kindOf } from '../labels/kind.js';
import { pastWrites } from '../reading/history.js';
import { PROPOSALS } from '../thresholds.js';
import type { PastWrite } from '../types.js';
import { type DatedLabel, regularityOf } from './regular.js';
import { suspectName, suspiciousIn } from './suspicious.js';
import type { FieldProposal, HeldField, RegularField, SampledPast } from './types.js';

const DAY_MS = 86_400_000;

/** The writes of one sync, or of a writer that is none, by field. */
interface Written {
  readonly sync: string | undefined;
  readonly writers: Set<string>;
  readonly byField: Map<string, DatedLabel[]>;
}

/**
 * What each sync is there to write, by what it wrote on most days, and the same of programs that match no declared sync.
 * What began lately, came in one burst or looks like damage is held back, with why: a proposal must not clear the damage
 * that it was made beside. Pure. Declared syncs come first, then those with the most fields.
 */
export function proposeFields(past: SampledPast): readonly FieldProposal[] {
  const suspicious = suspiciousIn(past);
  const found = sorted(past);
  const labels = labelsIn(past);
  const proposals = [...found.values()].map(({ sync, writers, byField }): FieldProposal => {
    const regular: RegularField[] = [];
    const held: HeldField[] = [];
    for (const [field, writes] of [...byField].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { why, days, writes: count } = regularityOf(writes, past.nowMs);
      const isSuspicious = [...writers].some((writer) => suspicious.has(suspectName(writer, field)));
      const reason = isSuspicious ? 'suspicious' : why;
      if (reason === undefined) regular.push({ field, days, writes: count });
      else held.push({ field, days, writes: count, why: reason });
    }
    const declared = past.syncs.find(({ name }) => name === sync)?.fields;
    const label = [...writers].map((writer) => labels.get(writer)).find((one) => one !== undefined);
    return { writers: [...writers].sort(), regular, held, ...defined({ sync, declared, label }) };
  });
  // Of what is no declared sync, only what works day by day is one.
  const told = proposals.filter(({ sync, regular }) => sync !== undefined || regular.length > 0);
  return told.sort((a, b) => Number(a.sync === undefined) - Number(b.sync === undefined) || b.regular.length - a.regular.length);
}

function sorted(past: SampledPast): ReadonlyMap<string, Written> {
  const found = new Map<string, Written>();
  const sinceMs = past.nowMs - PROPOSALS.days * DAY_MS;
  for (const { schema, histories } of past.objects) {
    const fields = new Map(schema.fields.map((field) => [field.name, field]));
    for (const [key, history] of histories)
      for (const write of pastWrites(schema.object, key, history, past.nowMs + 1, true)) {
        const { writer, field, atMs = 0 } = write;
        const sync = syncOf(writer, past.syncs);
        if (writer === undefined || writer === past.own || atMs < sinceMs || (sync === undefined && !isProgram(write))) continue;
        const name = JSON.stringify([sync?.name ?? '', sync === undefined ? writer : '']);
        const written = found.get(name) ?? { sync: sync?.name, writers: new Set<string>(), byField: new Map<string, DatedLabel[]>() };
        found.set(name, written);
        written.writers.add(writer);
        const place = `${schema.object}.${field}`;
        const writes = written.byField.get(place) ?? [];
        written.byField.set(place, writes);
        writes.push({ atMs, label: kindOf(write, fields.get(field), sinceMs, past.nowMs) });
      }
  }
  return found;
}

/** What could be a sync: no person, file or form, and not what the platform does by itself. */
function isProgram({ maker }: PastWrite): boolean {
  return maker === undefined || maker === 'program';
}

function labelsIn({ objects }: SampledPast): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const note = ({ writer, label }: FieldChange): void => {
    if (writer !== undefined && label !== undefined) labels.set(writer, label);
  };
  for (const { histories } of objects)
    for (const { fields } of histories.values()) for (const changes of Object.values(fields)) for (const change of changes) note(change);
  return labels;
}
