import { join } from 'node:path';

import type { CheckResult, Difference, Known, Offer, ParityResult, Reconciliation, Trouble } from '../../../checks/index.js';
import type { Mapping } from '../../../mappings/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import type { Session } from '../../session/session.js';
import { isUsable } from '../investigations/investigation.js';
import type { Drifted } from '../mappings/accepted.js';
import { runbookFiles } from '../runs/runbook-files.js';

/** Reads what the workspace has to offer. */
async function knownOf(session: Session): Promise<Known> {
  const { readReconciliations } = await import('../../../checks/index.js');
  const [files, snapshots, reconciliations] = await Promise.all([
    runbookFiles(session),
    session.catalog().then(async (catalog) => await catalog.list()),
    readReconciliations(session.store),
  ]);
  const bases = new Map<string, SnapshotSummary[]>();
  for (const one of snapshots.filter(isUsable).toReversed()) for (const { name } of one.platforms) bases.set(name, [...(bases.get(name) ?? []), one]);
  return {
    runbooks: files.flatMap(({ runbook, id }) => {
      if (runbook === undefined) return [];
      const { inputs, signs = [] } = runbook.document;
      const takes = { platform: inputs?.['platform']?.type === 'platform', base: inputs?.['base']?.type === 'snapshot' };
      return [{ id, title: runbook.title, signs, takes }];
    }),
    bases,
    reconciled: new Set(reconciliations.map(({ mapping }) => mapping.id)),
  };
}

/** What can be done about what several checks found; nothing where none of them found anything. */
async function offersOf(session: Session, troubles: readonly (Trouble | undefined)[]): Promise<readonly Offer[]> {
  const found = troubles.filter((one) => one !== undefined);
  if (found.length === 0) return [];
  const { offersFor, together } = await import('../../../checks/index.js');
  const known = await knownOf(session);
  return together(found.map((one) => offersFor(one, known)));
}

/** What can be done about the differences of a reconciliation. */
export async function offersOfReconciliation(
  session: Session,
  mapping: Mapping,
  { result, differences }: { readonly result: Reconciliation; readonly differences: readonly Difference[] },
): Promise<readonly Offer[]> {
  if (result.passed) return [];
  const { readReconciliations, troubleOfReconciliation } = await import('../../../checks/index.js');
  const before = (await readReconciliations(session.store, mapping.id)).filter(({ startedAt, passed }) => passed && startedAt < result.startedAt);
  const consent = await consentFields(session, mapping, result);
  const since = await agreedAt(session, before.at(-1));
  return await offersOf(session, [troubleOfReconciliation(result, differences, { consent, since })]);
}

/** When both sides are known to have agreed: when the snapshots began that were compared then, else when that reconciliation did. */
async function agreedAt(session: Session, last: Reconciliation | undefined): Promise<string | undefined> {
  if (last === undefined) return undefined;
  const kept = await (await session.catalog()).list();
  const begun = last.sides.flatMap(({ snapshot }) => kept.find(({ id }) => id === snapshot)?.startedAt ?? []);
  return begun.toSorted()[0] ?? last.startedAt;
}

/** Fields of a mapping that say, on either side, who opted out: by the schemas in the snapshots. */
async function consentFields(session: Session, { fields }: Mapping, { sides }: Reconciliation): Promise<ReadonlySet<number>> {
  const catalog = await session.catalog();
  const found = new Set<number>();
  for (const [side, { snapshot, platform, object }] of sides.entries()) {
    const reader = await catalog.open(snapshot);
    try {
      const schema = await reader.objectSchema(platform, object);
      for (const [n, { names }] of fields.entries())
        if (schema?.fields.some(({ name, optedOut }) => name === names[side] && optedOut !== undefined)) found.add(n);
    } finally {
      await reader.close();
    }
  }
  return found;
}

/** What can be done about a test that failed. */
export async function offersOfTest(session: Session, result: CheckResult): Promise<readonly Offer[]> {
  if (result.passed) return [];
  const { testFiles, troubleOfTest } = await import('../../../checks/index.js');
  const { mappingFiles } = await import('../../../mappings/index.js');
  const files = await testFiles(join(session.workspace.root, 'tests'));
  const test = files.find(({ id }) => id === result.test)?.test;
  const named = test !== undefined && 'mapping' in test.document ? test.document.mapping : undefined;
  const mappings = named === undefined ? [] : await mappingFiles(join(session.workspace.root, 'mappings'));
  return await offersOf(session, [troubleOfTest(result, mappings.find(({ mapping }) => mapping?.id === named)?.mapping)]);
}

/** What can be done about parity checks that did not pass. */
export async function offersOfParity(session: Session, results: readonly ParityResult[]): Promise<readonly Offer[]> {
  const { troubleOfParity } = await import('../../../checks/index.js');
  return await offersOf(session, results.map(troubleOfParity));
}

/** What can be done about fields that changed. */
export async function offersOfDrift(session: Session, mappings: readonly Mapping[], drifted: readonly Drifted[]): Promise<readonly Offer[]> {
  const { troubleOfDrift } = await import('../../../checks/index.js');
  return await offersOf(
    session,
    drifted.map((one) => {
      const mapping = mappings.find(({ id }) => id === one.mapping);
      const worst = one.state === 'compared' ? one.changes.filter(({ severity }) => severity !== 'note') : [];
      if (mapping === undefined || one.state !== 'compared' || worst.length === 0) return undefined;
      return troubleOfDrift(mapping, { changed: worst.map(({ platform }) => platform), since: one.accepted.at });
    }),
  );
}
