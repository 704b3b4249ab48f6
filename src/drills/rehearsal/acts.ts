import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { parseDuration, RunbackError } from '../../lib/index.js';
import { type Automation, createRandom, type Random, type Who } from '../../sandbox/index.js';
import { loseKey, runThere, type Stage, stageMachine } from '../../stages/index.js';
import type { AutomationDocument, EditsDocument } from '../document/schema.js';
import type { FaultStage } from '../faults/fault.js';
import { impossible } from '../faults/parameters.js';
import type { Moment } from '../result.js';
import { COLLEAGUE, makeEdits } from './edits.js';
import { operatorOf, type RehearsalDeps, type RehearsalRequest } from './request.js';
import type { TruthBook } from './truth-book.js';

/** Who does the damage on a stage whose sync is not to blame. */
const SUSPECT: Who = { kind: 'integration', id: '48621', label: 'CRM to marketing platform' };
/** What goes on rightly on its own while damage is done. */
const AUTOMATION: Who = { kind: 'integration', id: '90210', label: 'Nightly automation' };
/** How much of a snapshot is damaged. */
const DAMAGED_BYTES = 512;

/** Everything that is done to a stage but the rollback itself, and when. */
export class StageActs {
  readonly timeline: Moment[] = [];
  readonly #random: Random;
  #snapshot = '';

  constructor(
    private readonly request: RehearsalRequest,
    private readonly deps: RehearsalDeps,
    private readonly stage: Stage,
    seed: number,
  ) {
    this.#random = createRandom(seed + 1);
  }

  /** Lets the account do by itself what it does in the drill. Throws `fault-impossible` for what the account does not know. */
  setAutomations(): void {
    try {
      this.request.drill.document.automations.forEach((automation, i) => this.stage.local?.automate(automationOf(automation, i)));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      impossible(`The account cannot be given what it does by itself: ${error.message}.`);
    }
  }

  /** The backup of the night before: taken, and every byte of it read again. Gives when it was begun. */
  async goodSnapshot(): Promise<number> {
    this.deps.doing('Taking the good snapshot');
    const { folder, platform } = this.stage;
    const age = parseDuration(this.request.drill.document.backup?.age ?? '0s');
    const at = this.deps.clock.now().getTime() - age;
    const then = age === 0 ? {} : stageMachine(join(this.request.folder, 'disk.full'), -age).environment;
    const created = await this.#command(['snapshot', 'create', '--platform', platform, '--note', 'before the drill'], then);
    this.#snapshot = isSnapshot(created) ? created.id : 'latest';
    await this.#command(['snapshot', 'verify', this.#snapshot], then);
    this.note(`the good snapshot ${this.#snapshot} is taken and verified in ${folder}`);
    return at;
  }

  /** Some bytes of it are others, more than what stands between two files of it; its length is the same. */
  async damageBackup(): Promise<void> {
    const file = await open(join(this.stage.folder, 'backups', `${this.#snapshot}.zip`), 'r+');
    try {
      const at = Math.floor((await file.stat()).size / 3);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(DAMAGED_BYTES), 0, DAMAGED_BYTES, at);
      await file.write(
        buffer.map((byte) => byte ^ 0xff),
        0,
        bytesRead,
        at,
      );
    } finally {
      await file.close();
    }
  }

  /** Nobody has the key any more that opens the backups, where the drill says so. */
  async loseKey(): Promise<void> {
    if (this.request.drill.document.backup?.key !== 'gone') return;
    await loseKey(this.stage.folder);
    this.note('the key of the backups is gone');
  }

  async #command(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const { status, data, error, said } = await runThere(this.deps.program, {
      folder: this.stage.folder,
      args,
      as: operatorOf(this.deps),
      variables: { ...this.stage.secrets, ...variables },
    });
    if (status === 0) return data;
    throw new RunbackError('bug', `runback ${args.slice(0, 2).join(' ')} failed on the stage, before anything was damaged`, {
      why: error?.message ?? said.slice(-500),
    });
  }

  async strike(book: TruthBook): Promise<number> {
    let struck = 0;
    for (const { fault, parameters } of this.request.drill.faults) {
      this.deps.doing(fault.does);
      const account = this.stage.victims;
      const by = this.stage.local?.syncWriter ?? SUSPECT;
      const pause = async (): Promise<void> => await this.deps.clock.sleep(5, this.deps.call.signal);
      const innocent: FaultStage['innocent'] = async (object, key, values) => void (await book.edit(AUTOMATION, object, key, values));
      struck += await book.damage(async () => await fault.strike({ account, random: this.#random, by, pause, innocent }, parameters));
      this.note(`${fault.kind}: ${fault.does}`);
    }
    return struck;
  }

  async edits(when: EditsDocument['when'], book: TruthBook): Promise<void> {
    const given = this.request.drill.document.meanwhile?.edits;
    for (const edits of given === undefined ? [] : Array.isArray(given) ? given : [given]) {
      if (edits.when !== when) continue;
      const made = await makeEdits(edits, this.stage.victims, book, this.#random);
      this.note(`people change ${edits.field} of ${made} ${edits.object}`);
    }
  }

  /** The sync goes on with what it is there for. */
  goOnWriting(book: TruthBook): void {
    const sync = this.request.drill.document.meanwhile?.sync;
    const { local, account } = this.stage;
    if (sync === undefined || local === undefined) return;
    const keys = [...book.expected.records.keys()].filter((id) => id.startsWith(`${sync.object}/`)).map((id) => id.slice(sync.object.length + 1));
    let turn = 0;
    local.setRightfulWrite(() => {
      turn += 1;
      const key = keys[(turn * 37) % keys.length] ?? '';
      void account.record(sync.object, key).then(async (there) => {
        if (there !== undefined) await book.edit(local.syncWriter, sync.object, key, { [sync.field]: String(1000 + turn) });
      });
    });
  }

  async hands(step: string, book: TruthBook): Promise<void> {
    for (const hand of this.request.drill.document.hands) {
      if (hand.at !== step) continue;
      if ('automations' in hand) {
        this.stage.local?.switchAutomations(hand.automations === 'on');
        this.note(`by hand on the platform: automations ${hand.automations}`);
      } else if ('options' in hand) {
        const put = this.stage.local?.putOptionsBack() ?? [];
        this.note(`by hand on the platform: options of ${put.join(', ') || 'no field'} added again`);
      } else {
        const put = await book.putRightByHand(COLLEAGUE, hand.object);
        this.note(`by hand on the platform: ${put} values of ${hand.object}`);
      }
    }
  }

  note(what: string): void {
    this.timeline.push({ at: this.deps.clock.now().toISOString(), what });
  }
}

/** An automation of a drill as a sandbox takes it. */
function automationOf({ name, object, when, does }: AutomationDocument, place: number): Automation {
  return {
    id: `drill-${place + 1}`,
    name,
    object,
    enabled: true,
    when: 'created' in when ? { on: 'create' } : { on: 'change', ...when },
    does: does.map((step) => ('set' in step ? { do: 'set', values: step.set } : { do: 'mail', to: step.to, subject: step.mail })),
    repeats: true,
  };
}

const isSnapshot = (data: unknown): data is { readonly id: string } =>
  typeof data === 'object' && data !== null && 'id' in data && typeof data.id === 'string';
