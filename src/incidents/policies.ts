import { type Escalation, storedEscalation } from '../escalation/index.js';
import { canonicalJson, sha256 } from '../lib/index.js';
import type { Store } from '../store/index.js';
import { unlessDamaged } from './state/remade.js';
import type { Incident } from './types.js';

/** The escalation policies that incidents were opened with, kept by digest. */
export class Policies {
  readonly #known = new Map<string, Escalation>();

  /** `today`: the escalation.yml of now, where the workspace has one. */
  constructor(
    private readonly store: Store,
    private readonly today: Escalation | undefined,
  ) {}

  /** Keeps the policy of now for an incident that is opened; gives its digest, undefined where there is none. */
  async freeze(): Promise<string | undefined> {
    const { today } = this;
    if (today === undefined) return undefined;
    const digest = sha256(canonicalJson(today)).slice(0, 40);
    const document = this.store.document<Escalation>('policies', digest);
    if ((await unlessDamaged(document)) === undefined) await document.update(() => today);
    return digest;
  }

  /**
   * The policy an incident was opened with (guarantee G21). Where that is lost, the one of today: better those than
   * nobody.
   */
  async of({ policy: digest }: Incident): Promise<Escalation | undefined> {
    if (digest === undefined) return undefined;
    const known = this.#known.get(digest);
    if (known) return known;
    const stored = await unlessDamaged(this.store.document<Escalation>('policies', digest));
    const file = stored && storedEscalation(stored);
    if (file) this.#known.set(digest, file);
    return file ?? this.today;
  }
}
