import type { Platform } from '../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { CallBudget } from './budget.js';
import type { Reach } from './reach.js';

/** Opened platforms are used again for so long: opening costs calls, and an account is looked at again. */
const OPEN_FOR_MS = 6 * 3_600_000;

interface Opened {
  readonly platform: Platform;
  readonly atMs: number;
  readonly schemas: Map<string, ObjectSchema>;
  /** How many calls `usage` told when they were counted last. */
  counted: number;
}

/** The platforms that monitors read, each opened once and used again; every call is counted against its budget. */
export class MeasuredPlatforms {
  readonly #open = new Map<string, Opened>();

  constructor(private readonly reach: Reach) {}

  isOpen(name: string): boolean {
    const opened = this.#open.get(name);
    return opened !== undefined && this.reach.clock.monotonicMs() - opened.atMs < OPEN_FOR_MS;
  }

  /** Runs a piece of work with a platform. What it cost is counted, whatever came of it; one that failed is opened again next time. */
  async use<T>(
    name: string,
    budget: CallBudget,
    call: CallOptions,
    work: (platform: Platform, schemaOf: (object: string) => Promise<ObjectSchema>) => Promise<T>,
  ): Promise<T> {
    let opened: Opened | undefined;
    try {
      opened = await this.#opened(name, budget, call);
      const { platform, schemas } = opened;
      return await work(platform, async (object) => await this.#schemaOf(platform, schemas, object, call));
    } catch (error) {
      if (this.#open.get(name) === opened) await this.#close(name);
      throw error;
    } finally {
      if (opened !== undefined) count(opened, budget);
    }
  }

  /** Gives back what is open. Never throws. */
  async close(): Promise<void> {
    for (const name of this.#open.keys()) await this.#close(name);
  }

  async #opened(name: string, budget: CallBudget, call: CallOptions): Promise<Opened> {
    const known = this.#open.get(name);
    if (known !== undefined && this.isOpen(name)) return known;
    await this.#close(name);
    let platform: Platform;
    try {
      platform = await this.reach.openPlatform(name, call);
    } catch (error) {
      // What is refused was asked at least once.
      budget.add(1);
      throw error;
    }
    const opened = { platform, atMs: this.reach.clock.monotonicMs(), schemas: new Map<string, ObjectSchema>(), counted: 0 };
    this.#open.set(name, opened);
    return opened;
  }

  async #schemaOf({ connector, name }: Platform, schemas: Map<string, ObjectSchema>, object: string, call: CallOptions): Promise<ObjectSchema> {
    const known = schemas.get(object);
    if (known !== undefined) return known;
    const described = (await connector.describe([object], call)).objects.find((one) => one.object === object);
    if (described === undefined || described.refused !== undefined)
      throw new RunbackError('object-unsupported', `${name} has no object type ${object} that can be read`, { state: 'Nothing was measured.' });
    schemas.set(object, described);
    return described;
  }

  async #close(name: string): Promise<void> {
    const opened = this.#open.get(name);
    this.#open.delete(name);
    await opened?.platform.close().catch(() => undefined);
  }
}

function count(opened: Opened, budget: CallBudget): void {
  const { requests, daily } = opened.platform.connector.usage();
  const calls = requests - opened.counted;
  budget.add(calls);
  if (opened.counted === 0) budget.opened(calls);
  if (daily !== undefined) budget.told(daily.limit);
  opened.counted = requests;
}
