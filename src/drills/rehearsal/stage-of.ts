import { dirname, resolve } from 'node:path';

import { defined, RunbackError } from '../../lib/index.js';
import { openSnapshot, type SnapshotReader } from '../../snapshots/index.js';
import { openStagingStage, type Stage, startLocalStage } from '../../stages/index.js';
import type { Drill } from '../document/load.js';
import type { RehearsalDeps, RehearsalRequest } from './request.js';

/** What decides which account it is, and which records are hit. */
export const seedOf = ({ seed, drill }: RehearsalRequest): number => seed ?? ('seed' in drill.document.where ? drill.document.where.seed : 0);

/**
 * The stage of a drill: a sandbox on this machine, filled with inventions or from a snapshot, or a platform of the workspace.
 * Throws `workspace-missing`, and what starting and opening throw.
 */
export async function stageOf(request: RehearsalRequest, deps: RehearsalDeps, seed: number): Promise<Stage> {
  const { drill, folder, place, runbook, choice = [] } = request;
  const { where } = drill.document;
  const { records } = where;
  const runbooks = [...new Set([runbook, ...choice])];
  const encrypted = drill.document.backup?.encrypted === true;
  const { from, mask } = 'from' in where || 'platform' in where ? where : { from: undefined, mask: [] };
  if ('local' in place) {
    const snapshot = from === undefined ? undefined : await snapshotOf(drill, from, deps);
    try {
      const options = { platform: place.local, records, seed, runbooks, mask, encrypted, ...defined({ from: snapshot }) };
      return await startLocalStage(folder, options, deps.clock, deps.call);
    } finally {
      await snapshot?.close();
    }
  }
  if (deps.staging === undefined)
    throw noWorkspace(`Drill ${drill.id} is staged on ${place.platform}, a platform of a workspace, and there is none here`);
  return await openStagingStage(folder, { platform: place.platform, records, runbooks, mask, encrypted, ...defined({ from }) }, deps.staging);
}

/** A snapshot of the workspace, or the path of one from the drill's file. */
async function snapshotOf({ id, file }: Drill, from: string, { staging }: RehearsalDeps): Promise<SnapshotReader> {
  if (/[/\\]|\.zip$/u.test(from)) return await openSnapshot(resolve(dirname(file), from));
  if (staging === undefined) throw noWorkspace(`Drill ${id} is staged from snapshot ${from} of a workspace, and there is none here`);
  return await staging.catalog.open(from);
}

const noWorkspace = (message: string): RunbackError => new RunbackError('workspace-missing', message, { state: 'Nothing was started.' });
