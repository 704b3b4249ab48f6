import type { AnyAction } from './action.js';

/** Built-in actions. Loaded when a runbook names them: a command pays for what it uses. */
const ACTIONS: Readonly<Record<string, () => Promise<AnyAction>>> = {
  'syncs.pause': async () => (await import('./syncs/pause.js')).syncsPause,
  'syncs.status': async () => (await import('./syncs/status.js')).syncsStatus,
  'syncs.resume': async () => (await import('./syncs/resume.js')).syncsResume,
  'snapshot.create': async () => (await import('./snapshots/create.js')).snapshotCreate,
  'snapshot.verify': async () => (await import('./snapshots/verify.js')).snapshotVerify,
  diff: async () => (await import('./snapshots/diff.js')).diff,
  investigate: async () => (await import('./investigate.js')).investigation,
  'restore.plan': async () => (await import('./restores/plan.js')).restorePlan,
  'restore.rehearse': async () => (await import('./restores/rehearse.js')).restoreRehearse,
  'restore.apply': async () => (await import('./restores/apply.js')).restoreApply,
  'restore.verify': async () => (await import('./restores/verify.js')).restoreVerify,
  'restore.undo': async () => (await import('./restores/undo.js')).restoreUndo,
  'incident.note': async () => (await import('./incident-note.js')).incidentNote,
};

/** Where the names under `action:` of a runbook lead. */
export interface ActionLibrary {
  readonly names: readonly string[];
  /** The action of that name, or undefined. */
  load(name: string): Promise<AnyAction | undefined>;
}

/** The actions that come with runback. */
export const builtInActions: ActionLibrary = {
  names: Object.keys(ACTIONS),
  load: async (name) => (Object.hasOwn(ACTIONS, name) ? await ACTIONS[name]?.() : undefined),
};
