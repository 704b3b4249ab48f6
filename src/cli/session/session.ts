import { realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';

import type { KeptCopy } from '../../backups/index.js';
import type { CallCounts } from '../../calls/index.js';
import type { Connector, openPlatform, Platform } from '../../connectors/index.js';
import type { Act } from '../../escalation/index.js';
import { type CallLog, type CallOptions, type Clock, defined, formatDuration, type Redactor, RunbackError, suggest } from '../../lib/index.js';
import type { ChannelDeps } from '../../notify/index.js';
import type { ApprovalServices, RunServices } from '../../runbooks/index.js';
import type { Catalog, Decryption, S3Credentials, SnapshotsAt, SnapshotStorage } from '../../snapshots/index.js';
import { openFileStore, openStore, requireNoFolderState, SKEW_TOLERANCE_MS, type Store } from '../../store/index.js';
import type { Syncs } from '../../syncs/index.js';
import {
  findWorkspace,
  loadWorkspace,
  type PlatformConfig,
  resolveSecret,
  type SecretRef,
  type StoragePlace,
  type Workspace,
  zoneOfWorkspace,
} from '../../workspace/index.js';
import type { Place } from './place.js';

/** How often the counts of calls are kept while calls are made. */
const KEEP_EVERY_MS = 60_000;

/** What a session is opened with. */
export interface SessionOptions {
  /** `--workspace`, if given. */
  readonly folder: string | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** `--as`, if given. */
  readonly by: string | undefined;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  /** Tells a person something that is no error. */
  readonly note?: (text: string) => void;
}

/** A workspace opened for one command: everything is made when it is first asked for. */
export class Session implements Place {
  readonly #open = new Set<Platform>();
  #catalog: Promise<Catalog> | undefined;
  #calls: Promise<CallCounts> | undefined;
  #keptMs = 0;
  #keeping: Promise<void> | undefined;
  #syncs: Promise<Syncs> | undefined;
  #zone: Promise<string | undefined> | undefined;
  #approvals: Promise<ApprovalServices | undefined> | undefined;

  private constructor(
    readonly workspace: Workspace,
    readonly store: Store,
    /** The person who acts: `--as`, `RUNBACK_AS`, or the name of the system's user. */
    readonly by: string,
    private readonly options: SessionOptions,
  ) {}

  /** Finds and checks the workspace. Throws `workspace-missing`, `file-invalid`, `disk-denied`. */
  static async open(options: SessionOptions): Promise<Session> {
    const { folder, cwd, env, clock, redactor } = options;
    const root = folder === undefined ? await findWorkspace(cwd) : resolve(cwd, folder);
    const workspace = await loadWorkspace(await realpath(root).catch(() => root));
    await requireFolder(workspace.stateDir);
    const store =
      workspace.config.store === undefined ? openFileStore({ dir: workspace.stateDir, clock, redactor }) : await openShared(workspace, options);
    return new Session(workspace, store, options.by ?? systemUser(env), options);
  }

  /** The same person and state, by what runback.yml says now. What is open stays with this one; its state must be at the same place. */
  withWorkspace(workspace: Workspace): Session {
    return new Session(workspace, this.store, this.by, this.options);
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get redactor(): Redactor {
    return this.options.redactor;
  }

  get logDir(): string {
    return join(this.workspace.stateDir, 'logs');
  }

  /** The secret a reference leads to; hidden from everything that is written from then on. */
  readonly secret = (ref: SecretRef): Promise<string> => {
    const { env, redactor, signal } = this.options;
    return resolveSecret(ref, { env, redactor, root: this.workspace.root, signal });
  };

  /** The entry of a platform in runback.yml. Throws `not-found` with the nearest name. */
  platformConfig(name: string): PlatformConfig {
    const { platforms } = this.workspace.config;
    const config = Object.hasOwn(platforms, name) ? platforms[name] : undefined;
    if (config) return config;
    const names = Object.keys(this.workspace.config.platforms);
    const near = suggest(name, names);
    throw new RunbackError('not-found', `runback.yml has no platform "${name}"`, {
      why: near === undefined ? `It has: ${names.join(', ') || 'none'}.` : `Did you mean ${near}?`,
      state: 'Nothing was started.',
      next: `Name one of: ${names.join(', ')}`,
    });
  }

  /** Opens a platform, its account and environment checked before anything else. Closed with the session. */
  readonly openPlatform = async (name: string, call?: CallOptions): Promise<Platform> => {
    const platform = await this.#connect(name, call);
    this.#open.add(platform);
    return platform;
  };

  /** Opens another place of the kind of a platform, to read from: see `openBeside` of the connectors. Close it. */
  async openBeside(name: string, url?: SecretRef): Promise<Connector> {
    const { openBeside } = await import('../../connectors/index.js');
    return await openBeside(this.platformConfig(name), await this.#driverDeps(), url);
  }

  /** The snapshots of the workspace. */
  catalog(): Promise<Catalog> {
    this.#catalog ??= import('../../snapshots/index.js').then(async ({ encryptionFor, openCatalog }) => {
      const { encrypt } = this.workspace.config.backups;
      return openCatalog({
        dir: this.workspace.backupsDir,
        clock: this.clock,
        ...(await this.snapshotsHere()),
        ...(encrypt === undefined ? {} : { encryption: encryptionFor(encrypt.to) }),
      });
    });
    return this.#catalog;
  }

  /** Where the snapshots of the workspace lie, and what is noted of them. */
  async snapshotsHere(): Promise<SnapshotsAt> {
    const { backupsDir: dir, bucket } = this.workspace;
    return { storage: await this.#storageAt({ dir, ...defined({ bucket }) }), store: this.store, ...(await this.#keys()) };
  }

  /** The second places for them, in the order of runback.yml. */
  async copies(): Promise<readonly KeptCopy[]> {
    const { encryptionFor, openCopy } = await import('../../snapshots/index.js');
    const { encrypt } = this.workspace.config.backups;
    const keys = { ...(await this.#keys()), ...(encrypt === undefined ? {} : { encryption: encryptionFor(encrypt.to) }) };
    return await Promise.all(
      (this.workspace.copies ?? []).map(async ({ name, keep, required, verify, ...place }) => ({
        ...openCopy({ name, dir: place.dir, storage: await this.#storageAt(place), store: this.store, clock: this.clock, ...keys }),
        required,
        ...defined({ keep, verify, folder: place.bucket === undefined ? place.dir : undefined }),
      })),
    );
  }

  /** What opens encrypted snapshots, where runback.yml says. */
  async #keys(): Promise<{ readonly keys?: Decryption }> {
    const { identity } = this.workspace.config.backups;
    if (identity === undefined) return {};
    const { decryptionWith } = await import('../../snapshots/index.js');
    return { keys: decryptionWith(async () => await this.secret(identity)) };
  }

  /** A place for snapshots. The credentials of a bucket are asked for with the first request. */
  async #storageAt({ dir, bucket }: StoragePlace): Promise<SnapshotStorage> {
    const { folderStorage, S3Client, s3Storage } = await import('../../snapshots/index.js');
    if (bucket === undefined) return folderStorage(dir);
    const {
      credentials: { key, secret, session },
      lockForMs,
      ...place
    } = bucket;
    const credentials = async (): Promise<S3Credentials> => ({
      key: await this.secret(key),
      secret: await this.secret(secret),
      ...(session === undefined ? {} : { session: await this.secret(session) }),
    });
    const client = new S3Client({ place, credentials, clock: this.clock, environment: this.options.env });
    return s3Storage({ client, dir, now: () => this.clock.now(), ...defined({ lockForMs }) });
  }

  /** The syncs of the workspace. */
  syncs(): Promise<Syncs> {
    this.#syncs ??= import('../../syncs/index.js').then(async ({ openSyncs }) =>
      openSyncs({
        calls: await this.#callLog(),
        workspace: this.workspace,
        store: this.store,
        clock: this.clock,
        secret: this.secret,
        redact: (text) => this.redactor.text(text),
        environment: this.options.env,
      }),
    );
    return this.#syncs;
  }

  /** Zone of the times that people type; undefined where nobody can tell. See {@link zoneOfWorkspace}. */
  zone(): Promise<string | undefined> {
    this.#zone ??= zoneOfWorkspace(this.workspace.root);
    return this.#zone;
  }

  /** Who may approve what; undefined where the workspace has no escalation.yml. */
  approvals(): Promise<ApprovalServices | undefined> {
    this.#approvals ??= import('./policy.js').then(({ openPolicy }) => openPolicy(this));
    return this.#approvals;
  }

  /** Throws `not-authorised` where escalation.yml does not allow this person to do an act now. */
  async authorise(act: Act): Promise<void> {
    await (await import('./policy.js')).authorise(this, act, this.by);
  }

  /** What channels are opened with. */
  channelDeps(): ChannelDeps {
    const { clock, redactor, secret, workspace } = this;
    return { clock, secret, redact: (text) => redactor.text(text), root: workspace.root, environment: this.options.env };
  }

  /** What a run of a runbook is given. The run closes the platforms it opens. */
  async services(): Promise<RunServices> {
    const approvals = await this.approvals();
    return {
      workspace: this.workspace,
      store: this.store,
      clock: this.clock,
      zone: await this.zone(),
      catalog: await this.catalog(),
      syncs: await this.syncs(),
      openPlatform: (name, call) => this.#connect(name, call),
      secret: this.secret,
      redactor: this.redactor,
      environment: this.options.env,
      noteIncident: async (run, text, key) => {
        const [{ incidentOf }, { note }] = await Promise.all([import('./incidents.js'), import('../../incidents/index.js')]);
        const tied = await incidentOf(this, run);
        if (tied) await note(tied.incidents, tied.incident.id, text, false, { by: this.by, source: 'runbook' }, `${run}.${key}`);
      },
      ...defined({ approvals }),
      authorise: async (act, by, run) => await (await import('./policy.js')).authorise(this, act, by, run),
    };
  }

  async #connect(name: string, call: CallOptions = { signal: this.options.signal }): Promise<Platform> {
    const config = this.platformConfig(name);
    const { openPlatform } = await import('../../connectors/index.js');
    return openPlatform(config, await this.#driverDeps(), call);
  }

  async #driverDeps(): Promise<Parameters<typeof openPlatform>[1]> {
    const { env: environment, redactor } = this.options;
    const [{ underLockIn }, calls] = await Promise.all([import('../../connectors/index.js'), this.#callLog()]);
    const { secret, clock, workspace, store } = this;
    return { secret, clock, folder: workspace.root, environment, redact: (text) => redactor.text(text), calls, writes: underLockIn(store) };
  }

  /** What counts the calls of this process to platforms and syncs, from the first one on. */
  #counts(): Promise<CallCounts> {
    this.#calls ??= import('../../calls/index.js').then(({ CallCounts }) => {
      this.#keptMs = this.clock.monotonicMs();
      return new CallCounts(() => this.clock.now());
    });
    return this.#calls;
  }

  /** The same, for whoever makes calls: what was counted is kept each minute, so that a command of hours is seen while it works. */
  async #callLog(): Promise<CallLog> {
    const counts = await this.#counts();
    return {
      note: (note) => {
        counts.note(note);
        const now = this.clock.monotonicMs();
        if (this.#keeping !== undefined || now - this.#keptMs < KEEP_EVERY_MS) return;
        this.#keptMs = now;
        this.#keeping = this.keepCalls().finally(() => {
          this.#keeping = undefined;
        });
      },
    };
  }

  /** Keeps what was counted so far: what a crash can lose is what was counted since. Never throws. */
  async keepCalls(): Promise<void> {
    if (this.#calls === undefined) return;
    const [{ keepCounts }, counts] = await Promise.all([import('../../calls/index.js'), this.#calls]);
    await keepCounts(this.store, counts).catch(() => undefined);
  }

  /** Gives back what was opened. Never throws. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#open].map((platform) => platform.close()));
    this.#open.clear();
    await this.#keeping;
    await this.keepCalls();
    await this.store.close();
  }
}

/** The state of a team. Throws `store-moved` where there is state in the folder too: which of the two counts is not for runback to say. */
async function openShared({ root, stateDir, config }: Workspace, { env, redactor, signal, clock, note }: SessionOptions): Promise<Store> {
  if (config.store === undefined) throw new RunbackError('bug', 'there is no address of the state');
  requireNoFolderState(stateDir);
  const url = await resolveSecret(config.store, { env, redactor, root, signal });
  const skew = (aheadMs: number): void => {
    if (Math.abs(aheadMs) > SKEW_TOLERANCE_MS)
      note?.(
        `The clock of the database is ${formatDuration(Math.round(Math.abs(aheadMs) / 1000) * 1000)} ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this machine. Times of what is recorded here differ by as much from those of the others.`,
      );
  };
  return await openStore(url, { clock, redactor, skew });
}

/** A state folder that is something else would read as empty, and an incident as one that was never recorded. */
async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  throw new RunbackError('disk-denied', `${path} is not a folder`, {
    why: 'Runback keeps runs, plans and locks there, but something else has that name.',
    state: 'Nothing was read or changed.',
    next: 'Move it away or put the folder back, then run the same command again.',
  });
}

function systemUser(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in the user database (containers with a bare uid).
    return env['USER'] ?? env['LOGNAME'] ?? 'unknown';
  }
}
