import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { defined, fromFileSystem, makeFolders } from '../lib/index.js';
import { newKeyPair } from '../snapshots/index.js';
import { shippedDir } from '../workspace/index.js';

/**
 * Lays a copy of the shipped sample workspace into a folder, its addresses replaced by those of the local servers. The
 * token becomes a file of that folder, readable by its owner only.
 */
export async function writeSampleWorkspace(
  folder: string,
  addresses: { readonly hubspot: string; readonly sync: string; readonly token: string },
): Promise<void> {
  makeFolders(folder, 0o700);
  const sample = await readFile(join(shippedDir, 'runback.yml'), 'utf8');
  const text = sample
    .replace('http://127.0.0.1:48620', addresses.hubspot)
    .replace('http://127.0.0.1:48621', addresses.sync)
    .replace('env:HUBSPOT_TOKEN', 'file:sandbox.token');
  await put(join(folder, 'runback.yml'), text);
  await put(join(folder, 'sandbox.token'), addresses.token, 0o600);
  await copy(join(shippedDir, 'runbooks'), join(folder, 'runbooks'));
  await copy(join(shippedDir, 'escalation.yml'), join(folder, 'escalation.yml'));
}

/**
 * The same for people who practise: those who are told are invented, and what they would be told goes into pages.log.
 */
export async function writePracticeWorkspace(folder: string, addresses: Parameters<typeof writeSampleWorkspace>[1]): Promise<void> {
  await writeSampleWorkspace(folder, addresses);
  await put(join(folder, 'escalation.yml'), PRACTICE_ESCALATION);
}

/** What a stage's workspace holds beside its platforms. */
export interface WorkspaceParts {
  /** Runbooks, as paths of files. */
  readonly runbooks: readonly string[];
  /** The `restores` part of runback.yml: limits and habits, as in the workspace that is rehearsed for. */
  readonly restores?: Readonly<Record<string, unknown>>;
  /** Its snapshots are encrypted, and the key that opens them lies in a file of its own there. */
  readonly encrypted?: boolean;
}

/** The file of the key, where snapshots are encrypted. */
const KEY_FILE = 'backup.key';

/** Lays the workspace of a stage into an empty folder: everything that its platforms need, and those runbooks. */
export async function layWorkspace(
  folder: string,
  { runbooks, restores, encrypted = false }: WorkspaceParts,
  own: {
    readonly platforms: Readonly<Record<string, unknown>>;
    readonly syncs: Readonly<Record<string, unknown>>;
    /** Secrets as files, by name. */
    readonly tokens: Readonly<Record<string, string>>;
  },
): Promise<void> {
  makeFolders(join(folder, 'runbooks'), 0o700);
  const { platforms, syncs, tokens } = own;
  const pair = encrypted ? await newKeyPair() : undefined;
  const backups = { storage: 'backups', ...(pair && { encrypt: { to: [pair.recipient] }, identity: `file:${KEY_FILE}` }) };
  // JSON is YAML.
  const config = { version: 1, platforms, syncs, backups, ...defined({ restores }) };
  await put(join(folder, 'runback.yml'), `${JSON.stringify(config, undefined, 2)}\n`);
  for (const [name, token] of Object.entries({ ...tokens, ...(pair && { [KEY_FILE]: `${pair.identity}\n` }) }))
    await put(join(folder, name), token, 0o600);
  await put(join(folder, 'escalation.yml'), PRACTICE_ESCALATION);
  for (const path of runbooks) await copy(path, join(folder, 'runbooks', basename(path)));
}

/** Loses the key that opens the snapshots of a stage; gives what brings the second copy of it. */
export async function loseKey(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, KEY_FILE);
  const key = await readFile(file);
  await rm(file);
  return async () => await put(file, key, 0o600);
}

const PRACTICE_ESCALATION = `# Who is paged while you practice: nobody real. The pages are written to pages.log.
version: 1
timezone: UTC
people:
  maya: { name: Maya Ortiz, email: maya@example.com, contact: [email], role: lead }
  lee: { name: Lee Park, email: lee@example.com, contact: [email], role: lead }
channels:
  pages: { type: command, run: [tee, -a, pages.log] }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
  lead: { inherits: operator, may: [approve-restore, resume-syncs, override-verification], limits: { records: 250000, percent: 100 } }
approvals: { in_person: true, unauthenticated: true }
severities:
  sev1: { means: Customer data is being corrupted or lost, policy: critical, quiet_hours: ignore }
  sev2: { means: Customer data is wrong and no longer changing, policy: critical, quiet_hours: ignore }
  sev3: { means: "Degraded, nothing lost", policy: critical, quiet_hours: ignore }
policies:
  critical:
    levels:
      - { notify: ["channel:pages"], ack_within: 15m }
`;

/** Writes a file. What a full or closed disk refuses names it: the error of a write does not. */
async function put(file: string, content: string | Buffer, mode?: number): Promise<void> {
  try {
    await writeFile(file, content, { ...defined({ mode }) });
  } catch (error) {
    throw fromFileSystem(error, file);
  }
}

/** The same for a copy, of a file or of a folder with all that is in it. */
async function copy(from: string, to: string): Promise<void> {
  try {
    await cp(from, to, { recursive: true });
  } catch (error) {
    throw fromFileSystem(error, to);
  }
}
