import { type Clock, systemClock } from '../../../src/lib/index.js';
import {
  createRandom,
  type HubSpotSandbox,
  type MailchimpSandbox,
  type Random,
  startHubSpotSandbox,
  startMailchimpSandbox,
} from '../../../src/sandbox/index.js';

const LIST = '8a1f0c2d3e';
export const MEMBERS = `members-${LIST}`;
export const SYNC = { kind: 'integration', id: '48621', label: 'Sync' } as const;
const PERSON = { kind: 'person', id: '7' } as const;
const PEOPLE = 200;
const DAY_MS = 86_400_000;
/** Mailchimp tells times in whole seconds. */
const APART_MS = 3000;

/** Who did what by themselves, by number; nobody is in two groups. */
export interface Roles {
  /** 3 % who had opted out of everything. */
  readonly out: readonly number[];
  /** Of these: who opted in again by themselves between the backup and the damage. */
  readonly inAgain: readonly number[];
  /** Who opted out in between: at Mailchimp's form, and at HubSpot's, which the sync carried to the other side. */
  readonly atMailchimp: readonly number[];
  readonly atHubSpot: readonly number[];
  /** Who opted out after the damage, on one side only: the sync stands still. */
  readonly lateAtMailchimp: readonly number[];
  readonly lateAtHubSpot: readonly number[];
  /** Of those who had opted out: who opted in again by themselves after the damage. */
  readonly lateIn: readonly number[];
  /** Who opted out on HubSpot, and was never on Mailchimp until the merge put them there. */
  readonly neverThere: readonly number[];
}

/** A Mailchimp and a HubSpot account with the same people in them, and the sync between them. */
export class ConsentPair {
  private constructor(
    readonly mail: MailchimpSandbox,
    readonly hubspot: HubSpotSandbox,
    readonly roles: Roles,
    private readonly random: Random,
    private readonly time: { aheadMs: number },
  ) {}

  static async start(seed: number): Promise<ConsentPair> {
    // Seconds pass between what happens there; in the end it is now.
    const time = { aheadMs: -60_000 };
    const clock: Clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() + time.aheadMs) };
    const mail = await startMailchimpSandbox({ clock });
    const hubspot = await startHubSpotSandbox({ seed, clock });
    const random = createRandom(seed);
    const drawn = random.shuffle(Array.from({ length: PEOPLE }, (_, n) => n));
    const take = (count: number): readonly number[] => drawn.splice(0, count);
    const out = take(6);
    const roles: Roles = {
      out,
      inAgain: out.slice(0, 1),
      lateIn: out.slice(1, 2),
      atMailchimp: take(2),
      atHubSpot: take(2),
      lateAtMailchimp: take(2),
      lateAtHubSpot: take(2),
      neverThere: take(2),
    };
    const pair = new ConsentPair(mail, hubspot, roles, random, time);
    pair.#fill();
    return pair;
  }

  /** Lets time pass on both platforms; gives the middle of it, by their clocks. */
  pass(): string {
    const then = this.hubspot.now().getTime() + APART_MS / 2;
    this.time.aheadMs += APART_MS;
    return new Date(then).toISOString();
  }

  /** People opt out and in by themselves, and the sync does what it is there for: it carries what they said to the other side. */
  peopleDecide(): void {
    const { inAgain, atMailchimp, atHubSpot } = this.roles;
    for (const n of inAgain) {
      this.#mailchimp(n, 'subscribed', PERSON);
      this.#hubspot(n, false, PERSON);
    }
    for (const n of atMailchimp) {
      this.#mailchimp(n, 'unsubscribed', PERSON);
      this.#hubspot(n, true, SYNC);
    }
    for (const n of atHubSpot) {
      this.#hubspot(n, true, PERSON);
      this.#mailchimp(n, 'unsubscribed', SYNC);
    }
  }

  /**
   * The wrong merge: whoever is out on either side is opted in on both, as far as the platforms let it; whom Mailchimp lacks is
   * added as a subscriber. It writes over first names on the way.
   */
  goWrong(): void {
    const { out, atMailchimp, atHubSpot, neverThere } = this.roles;
    for (const n of [...out, ...atMailchimp, ...atHubSpot]) {
      this.#mailchimp(n, 'subscribed', SYNC);
      this.#hubspot(n, false, SYNC);
    }
    for (const n of neverThere) {
      this.mail.writeAs(SYNC).create(MEMBERS, { email_address: address(n), FNAME: 'Valued Customer' });
      this.#hubspot(n, false, SYNC);
    }
    for (let n = 0; n < PEOPLE; n += 1) {
      if (!this.random.chance(0.1) && !out.includes(n)) continue;
      this.#update(n, { FNAME: 'Valued Customer' }, { firstname: 'Valued Customer' });
    }
  }

  /** The sync is paused; people opt out and in where they are. */
  peopleGoOn(): void {
    for (const n of this.roles.lateAtMailchimp) this.#mailchimp(n, 'unsubscribed', PERSON);
    for (const n of this.roles.lateAtHubSpot) this.#hubspot(n, true, PERSON);
    for (const n of this.roles.lateIn) this.#mailchimp(n, 'subscribed', PERSON);
  }

  /** Whoever opted out somewhere at some time and was not the last to say otherwise. */
  get shouldBeOut(): readonly number[] {
    const { out, inAgain, lateIn, ...more } = this.roles;
    const others = [more.atMailchimp, more.atHubSpot, more.lateAtMailchimp, more.lateAtHubSpot, more.neverThere].flat();
    return [...out.filter((n) => !inAgain.includes(n) && !lateIn.includes(n)), ...others];
  }

  /** Of these people, those to whom one of the platforms would send marketing mail. */
  mailable(people: readonly number[]): readonly string[] {
    return people.flatMap((n) => [
      ...(this.member(n)?.['status'] === 'subscribed' ? [`mailchimp ${String(n)}`] : []),
      ...(this.contact(n)?.['hs_email_optout'] === 'true' ? [] : [`hubspot ${String(n)}`]),
    ]);
  }

  member(n: number): Readonly<Record<string, string | undefined>> | undefined {
    return this.mail.truth().record(MEMBERS, address(n));
  }

  contact(n: number): Readonly<Record<string, string | undefined>> | undefined {
    return this.hubspot.truth().record('contacts', this.keyOf(n));
  }

  keyOf(n: number): string {
    const found = [...this.hubspot.truth().records('contacts')].find(({ values }) => values['email'] === address(n));
    return found?.key ?? '';
  }

  /** What a person does on HubSpot with a list of contacts to opt out, by key: an opt-out list is imported. */
  optOutByHand(keys: readonly string[]): void {
    for (const key of keys) this.hubspot.writeAs(PERSON).update('contacts', key, { hs_email_optout: 'true' });
  }

  /** The same on Mailchimp: addresses are imported as unsubscribed. */
  unsubscribeByHand(addresses: readonly string[]): void {
    for (const each of addresses)
      if (this.mail.truth().record(MEMBERS, each) !== undefined) this.mail.writeAs(PERSON).update(MEMBERS, each, { status: 'unsubscribed' });
  }

  /** The mended sync: whoever is out on one side goes out on the other, and nobody goes in. */
  carryOptOuts(): void {
    for (let n = 0; n < PEOPLE; n += 1) {
      const isOut = this.contact(n)?.['hs_email_optout'] === 'true' || this.member(n)?.['status'] === 'unsubscribed';
      if (!isOut) continue;
      if (this.member(n) !== undefined) this.#mailchimp(n, 'unsubscribed', SYNC);
      this.#hubspot(n, true, SYNC);
    }
  }

  /** Values that the merge wrote and that stand there now. */
  overwritten(): number {
    return Array.from({ length: PEOPLE }, (_, n) => n).filter(
      (n) => this.contact(n)?.['firstname'] === 'Valued Customer' && [undefined, 'Valued Customer'].includes(this.member(n)?.['FNAME']),
    ).length;
  }

  async stop(): Promise<void> {
    await Promise.all([this.mail.stop(), this.hubspot.stop()]);
  }

  #fill(): void {
    const [mail, hubspot] = [this.mail.writeAs(PERSON), this.hubspot.writeAs(PERSON)];
    const at = this.hubspot.now().getTime() - 30 * DAY_MS;
    const { out, neverThere } = this.roles;
    for (let n = 0; n < PEOPLE; n += 1) {
      const isOut = out.includes(n) || neverThere.includes(n);
      hubspot.create('contacts', { email: address(n), firstname: `First ${String(n)}`, hs_email_optout: String(isOut) }, at + n);
      if (!neverThere.includes(n)) mail.create(MEMBERS, { email_address: address(n), FNAME: `First ${String(n)}` }, at + n);
    }
    // A program took them off, so that Mailchimp lets a program subscribe them again: the worse case.
    for (const n of out) this.mail.writeAs(SYNC).update(MEMBERS, address(n), { status: 'unsubscribed' }, at + DAY_MS);
  }

  #update(n: number, member: Readonly<Record<string, string>>, contact: Readonly<Record<string, string>>): void {
    if (this.member(n) !== undefined) this.mail.writeAs(SYNC).update(MEMBERS, address(n), member);
    this.hubspot.writeAs(SYNC).update('contacts', this.keyOf(n), contact);
  }

  /** Mailchimp lets no program subscribe who left by themselves: then nothing happens there. */
  #mailchimp(n: number, status: string, who: typeof SYNC | typeof PERSON): void {
    try {
      this.mail.writeAs(who).update(MEMBERS, address(n), { status });
    } catch (error) {
      if (!/compliance state/u.test(String(error))) throw error;
    }
  }

  #hubspot(n: number, isOut: boolean, who: typeof SYNC | typeof PERSON): void {
    this.hubspot.writeAs(who).update('contacts', this.keyOf(n), { hs_email_optout: String(isOut) });
  }
}

const address = (n: number): string => `p${String(n).padStart(3, '0')}@example.com`;
