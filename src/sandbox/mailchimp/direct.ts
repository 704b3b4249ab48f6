import type { TrueWriter, Who, WrittenValues } from '../sandbox.js';
import type { Account } from './state/account.js';
import { forgetMember, heldMember, type Manner } from './state/members.js';
import { createRecord, linkRecords, removeRecord, thingOf, updateRecord } from './state/records.js';
import { settingOff } from './state/settling.js';

/**
 * Whoever writes to the account by another way than its API. A person is the member itself, at the forms of the
 * platform, or whoever works in it: they give consent back and what they take back binds the API. An integration is held
 * to what the API may do. Required merge fields are not asked of either.
 */
export class DirectWriter implements TrueWriter {
  readonly #who: Who;

  constructor(
    private readonly account: Account,
    who: Who,
  ) {
    this.#who = who;
  }

  create(object: string, values: WrittenValues, at?: number): string {
    return settingOff(this.account, () => createRecord(this.account, object, values, this.#manner(at)));
  }

  update(object: string, key: string, values: WrittenValues, at?: number): void {
    settingOff(this.account, () => updateRecord(this.account, object, key, values, this.#manner(at)));
  }

  /** Archives a member. */
  remove(object: string, key: string): void {
    settingOff(this.account, () => removeRecord(this.account, object, key, this.#manner()));
  }

  /** Deletes a member with all there is about it; the address cannot be added again but by a person. */
  purge(object: string, key: string): void {
    settingOff(this.account, () => {
      const thing = thingOf(this.account, object);
      if (thing.kind !== 'members') throw new RangeError(`${object} cannot be deleted permanently`);
      forgetMember(this.account, thing.audience, heldMember(thing.audience, key), this.#manner());
    });
  }

  /** Gives a tag to a member. */
  link(fromObject: string, from: string, toObject: string, to: string, at?: number): void {
    settingOff(this.account, () => linkRecords(this.account, [fromObject, from, toObject, to], true, this.#manner(at)));
  }

  unlink(fromObject: string, from: string, toObject: string, to: string): void {
    settingOff(this.account, () => linkRecords(this.account, [fromObject, from, toObject, to], false, this.#manner()));
  }

  #manner(at?: number): Manner {
    return { writer: { cause: { by: this.#who.kind, id: this.#who.id }, isPerson: this.#who.kind === 'person' }, skips: true, at };
  }
}
