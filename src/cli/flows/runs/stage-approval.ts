import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Escalation, type Grant, parseEscalation, type Verdict } from '../../../escalation/index.js';
import type { AskedApproval } from '../../../runbooks/index.js';
import { openFileStore, type Store } from '../../../store/index.js';
import type { Session } from '../../session/session.js';
import { ESCALATION_FILE } from '../escalation-file.js';

/**
 * An approval that a run on a stage waits for, judged by the rules of the real workspace: they stand in place of the
 * stage's own until {@link giveBack}.
 */
export class StageApproval {
  #written = '';

  private constructor(
    private readonly session: Session,
    private readonly path: string,
    private readonly own: string,
    private readonly store: Store,
    readonly asked: AskedApproval,
  ) {}

  static async open(session: Session, folder: string, run: string): Promise<StageApproval> {
    const { approvalAsked } = await import('../../../runbooks/index.js');
    const path = join(folder, ESCALATION_FILE);
    const store = openFileStore({ dir: join(folder, '.runback'), clock: session.clock, redactor: session.redactor });
    return new StageApproval(session, path, await readFile(path, 'utf8'), store, await approvalAsked(store, run));
  }

  /** How the approval stands, with the roles that people have now. What they give on the stage counts by the same rules. */
  async weigh(file: Escalation, grants: readonly Grant[]): Promise<Verdict> {
    const [{ stageRules }, { weighApprovals }] = await Promise.all([import('../../../drills/index.js'), import('../../../runbooks/index.js')]);
    const text = stageRules(file, grants);
    if (text !== this.#written) await writeFile(this.path, text);
    this.#written = text;
    const rules = parseEscalation(text, ESCALATION_FILE);
    const services = { file: rules, grantsOf: async () => await Promise.resolve([]) };
    return (await weighApprovals(this.asked.case, services, { store: this.store, clock: this.session.clock })).verdict;
  }

  /** The stage goes by its own rules again: by them, the answers of the drill count. */
  async giveBack(): Promise<void> {
    await writeFile(this.path, this.own);
  }
}
