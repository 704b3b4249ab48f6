import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, RunbackError } from '../../lib/index.js';
import { loadWorkspace } from '../../workspace/index.js';
import type { Session } from './session.js';
import type { DaemonRun } from './wiring.js';

const FILE = 'runback.yml';

/** What runback.yml says now, for a process that lives long. One that cannot be used changes nothing, and is told as long as that is so. */
export class FreshSession {
  #session: Session;
  #known: Promise<string>;
  #trouble: unknown;
  #looking: Promise<Session> | undefined;

  constructor(
    session: Session,
    private readonly say: (line: string) => void,
  ) {
    this.#session = session;
    this.#known = this.#mark();
  }

  /** By what runback.yml says; by the last that could be used, where it cannot be. Another session than before where it has changed. */
  async now(): Promise<Session> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return await this.#looking;
  }

  /** Throws on each tick while runback.yml cannot be used: no ping is sent then, and `/healthz` says no. */
  ticker(): NonNullable<DaemonRun['tickers']>[number] {
    return {
      name: FILE,
      watches: true,
      tick: async () => {
        await this.now();
        if (this.#trouble !== undefined)
          throw new RunbackError('file-invalid', `${FILE} cannot be used, so the daemon goes by what it said before: ${messageOf(this.#trouble)}`, {
            cause: this.#trouble,
          });
        return { due: 0 };
      },
    };
  }

  async #look(): Promise<Session> {
    const mark = await this.#mark();
    if (mark === (await this.#known)) return this.#session;
    this.#known = Promise.resolve(mark);
    const { workspace } = this.#session;
    try {
      const fresh = await loadWorkspace(workspace.root);
      if (fresh.config.store !== workspace.config.store)
        throw new RunbackError('usage', 'the state is at another place: end the daemon and start it again', {});
      await this.#session.keepCalls();
      this.#session = this.#session.withWorkspace(fresh);
      this.say(`${FILE} has changed and is in use.`);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error;
      this.say(`${FILE} cannot be used, so everything stays as it was: ${messageOf(error)}`);
    }
    return this.#session;
  }

  async #mark(): Promise<string> {
    const found = await stat(join(this.#session.workspace.root, FILE)).catch(() => undefined);
    return found === undefined ? 'none' : `${String(found.ino)} ${String(found.size)} ${String(found.mtimeMs)}`;
  }
}
