import type { CommandSpec } from './command.js';

/** What a file of `commands/` gives. */
interface CommandFile {
  readonly commands: readonly CommandSpec[];
}

/** Where the commands of each noun are; only the one that is called gets loaded. */
const FILES: Readonly<Record<string, () => Promise<CommandFile>>> = {
  init: () => import('../commands/init.js'),
  doctor: () => import('../commands/doctor.js'),
  status: () => import('../commands/status.js'),
  respond: () => import('../commands/respond.js'),
  investigate: () => import('../commands/investigate.js'),
  incident: () => import('../commands/incident/index.js'),
  runbook: () => import('../commands/runbook/index.js'),
  snapshot: () => import('../commands/snapshot/index.js'),
  monitor: () => import('../commands/monitor/index.js'),
  backup: () => import('../commands/backup/index.js'),
  diff: () => import('../commands/diff.js'),
  restore: () => import('../commands/restore/index.js'),
  approve: () => import('../commands/approve.js'),
  sync: () => import('../commands/sync/index.js'),
  mapping: () => import('../commands/mapping/index.js'),
  lock: () => import('../commands/lock.js'),
  state: () => import('../commands/state/index.js'),
  prune: () => import('../commands/prune.js'),
  forget: () => import('../commands/forget.js'),
  daemon: () => import('../commands/daemon.js'),
  escalation: () => import('../commands/escalation.js'),
  drill: () => import('../commands/drill/index.js'),
  test: () => import('../commands/test/index.js'),
  parity: () => import('../commands/parity/index.js'),
  reconcile: () => import('../commands/reconcile/index.js'),
  sandbox: () => import('../commands/sandbox.js'),
  demo: () => import('../commands/demo.js'),
  practice: () => import('../commands/practice.js'),
  completion: () => import('../commands/completion.js'),
};

/** The commands of a noun; none where there is no such noun. */
export async function loadCommands(noun: string): Promise<readonly CommandSpec[]> {
  return (await FILES[noun]?.())?.commands ?? [];
}
