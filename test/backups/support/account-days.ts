import { createRandom, type HubSpotSandbox, integration, person, type Random } from '../../../src/sandbox/index.js';
import type { StoryClock } from './story-clock.js';

/** Object types of the account, and a field of each that people write. */
const FIELD = { contacts: 'city', companies: 'city', deals: 'description' } as const;
type ObjectName = keyof typeof FIELD;
export const OBJECTS = Object.keys(FIELD) as readonly ObjectName[];

const HOUR_MS = 3_600_000;

/**
 * What happens in an account from day to day: about 1 % of the records are written and as many links changed, some records
 * are archived and made; and what a reading of changes alone could miss. The same for the same seed.
 */
export class AccountDays {
  readonly #random: Random;
  readonly #sync;
  readonly #maya;

  constructor(
    private readonly sandbox: HubSpotSandbox,
    private readonly clock: StoryClock,
    seed: number,
  ) {
    this.#random = createRandom(seed);
    this.#sync = sandbox.writeAs(integration('48621', 'Some tool'));
    this.#maya = sandbox.writeAs(person(7));
  }

  /** One day, from 1, up to some hours before its backup. */
  live(day: number): void {
    for (const object of OBJECTS) {
      const live = this.#live(object);
      this.#write(object, this.#some(live, 0.01, 3), `Day ${day}`);
      this.#pass(HOUR_MS);
      for (const id of this.#some(live, 0.0004, 1)) this.#sync.archive(object, id);
    }
    this.#make(day);
    this.#relink();
    if (day % 4 === 2) this.#merge();
    // HubSpot shows what was erased for good in no list. Never on a day on which one comes back: the count would stay the same (docs/snapshots.md).
    if (day % 10 === 6) this.#erase();
    // Nothing tells that a record which came back from the archive was modified.
    if (day % 5 === 3) this.#bringBack();
    // More than one search gives, where there are so many, and still few enough to be asked for; and more than it is worth to ask for.
    const contacts = this.#live('contacts');
    if (day === 11) this.#writeAll(this.#some(contacts, Math.min(0.18, Math.max(0.06, 10_500 / contacts.length)), 10), 'import');
    if (day === 20) this.#writeAll(this.#some(this.#live('contacts'), 0.25, 1100), 'import 2');
    this.#pass(6 * HOUR_MS);
  }

  /** What is written in the moment in which the backup begins: search does not know it yet, and HubSpot tells whole seconds only. */
  lastMoment(day: number): void {
    const live = this.#live('contacts');
    this.#write('contacts', this.#some(live, 0.0005, 2), `Late ${day}`);
    for (const id of this.#some(live, 0, 1)) this.#sync.archive('contacts', id);
    this.#maya.create('contacts', { email: `late-${day}@example.net`, firstname: 'Late' });
  }

  #live(object: ObjectName): readonly string[] {
    const { portal } = this.sandbox;
    return [...portal.table(portal.types.get(object)).from(undefined, false)].map(({ id }) => id);
  }

  /** A share of them, one at least so many. */
  #some(ids: readonly string[], share: number, least: number): readonly string[] {
    const count = Math.min(ids.length, Math.max(least, Math.round(share * ids.length)));
    const chosen = new Set<string>();
    while (chosen.size < count) chosen.add(this.#random.pick(ids));
    return [...chosen];
  }

  #pass(ms: number): void {
    this.clock.moveTo(this.clock.now().getTime() + ms);
  }

  #write(object: ObjectName, ids: readonly string[], text: string): void {
    for (const [n, id] of ids.entries()) {
      this.#pass(n % 3);
      this.#sync.update(object, id, { [FIELD[object]]: `${text} ${n}` });
    }
  }

  /** By an import: many of them in one and the same second. */
  #writeAll(ids: readonly string[], text: string): void {
    for (const [n, id] of ids.entries()) {
      if (n % 40 === 0) this.#pass(50);
      this.#sync.update('contacts', id, { jobtitle: `${text} ${n % 7}` });
    }
  }

  #make(day: number): void {
    const count = Math.max(2, Math.round(this.#live('contacts').length * 0.0005));
    for (let n = 0; n < count; n += 1)
      this.#sync.create('contacts', { email: `new-${day}-${n}@example.org`, firstname: `New ${n}`, lastname: 'Person' });
    this.#maya.create('companies', { name: `Company of day ${day}`, domain: `day-${day}.example.com` });
    this.#maya.create('deals', { dealname: `Deal of day ${day}`, pipeline: 'default', dealstage: 'appointmentscheduled' });
  }

  #relink(): void {
    const [contacts, companies] = [this.#live('contacts'), this.#live('companies')];
    for (const contact of this.#some(contacts, 0.002, 2)) this.#sync.link('contacts', contact, 'companies', this.#random.pick(companies));
    const links = this.sandbox.links().filter(({ fromObject, toObject }) => fromObject === 'contacts' && toObject === 'companies');
    for (const { from, to } of links.filter((_, n) => n % Math.ceil(links.length / Math.max(2, contacts.length * 0.002)) === 1))
      this.#sync.unlink('contacts', from, 'companies', to);
  }

  #merge(): void {
    const [one, two] = this.#some(this.#live('contacts'), 0, 2);
    if (one !== undefined && two !== undefined) this.#maya.merge('contacts', one, two);
  }

  #erase(): void {
    for (const id of this.#some(this.#live('contacts'), 0, 1))
      this.sandbox.portal.gdprDelete(this.sandbox.portal.types.get('contacts'), id, { source: person(7) });
  }

  #bringBack(): void {
    const archived = this.sandbox.records('contacts').filter((one) => one.archived && one.mergedInto === undefined);
    const found = archived.find(({ properties: { firstname } }) => firstname !== undefined && firstname !== 'Late');
    if (found !== undefined) this.#maya.apply({ action: 'undelete', object: 'contacts', id: found.id });
  }
}
