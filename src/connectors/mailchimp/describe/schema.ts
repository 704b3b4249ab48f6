import type { CallOptions } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { PlatformSchema } from '../../connector.js';
import { unknownObject } from '../../http/words.js';
import type { MailchimpApi } from '../wire/api.js';
import { describeAudience, listAudiences } from './audience.js';
import { type Audience, memberFields } from './fields.js';
import { LISTS, membersOf } from './names.js';

/** What was described, with what the driver needs to read and write it. */
export interface Described {
  readonly schema: PlatformSchema;
  /** By the name of the object type of their members. */
  readonly audiences: ReadonlyMap<string, Audience>;
}

/** The audiences, and the members of each. Throws `object-unsupported` for a name that there is not. */
export async function describe(api: MailchimpApi, objects: readonly string[] | undefined, call: CallOptions): Promise<Described> {
  const lists = await listAudiences(api, call);
  const known = [...lists.map(({ id }) => membersOf(id)), LISTS];
  for (const object of objects ?? []) if (!known.includes(object)) throw unknownObject(api.words, object, known);
  const audiences = new Map<string, Audience>();
  for (const list of lists) {
    const object = membersOf(list.id);
    if (objects?.includes(object) !== false) audiences.set(object, await describeAudience(api, list, call));
  }
  const members = [...audiences].map(([object, audience]) => membersSchema(object, audience));
  const schemas = objects?.includes(LISTS) === false ? members : [listsSchema(), ...members];
  return { schema: { objects: schemas, links: [] }, audiences };
}

function membersSchema(object: string, audience: Audience): ObjectSchema {
  return {
    object,
    label: `Members of ${audience.name}`,
    keyFields: [],
    fields: memberFields(audience),
    createWithKey: false,
    undelete: false,
    sideEffects: [
      'Automations and journeys of Mailchimp may send mail to members who are subscribed, get a tag or join a group.',
      'A member who becomes pending gets a mail that asks to confirm.',
    ],
  };
}

/** An audience is made and deleted by people: deleting one deletes its members permanently. */
function listsSchema(): ObjectSchema {
  const text = (name: string): ObjectSchema['fields'][number] => ({ name, type: 'string', platformType: 'string', readOnly: false });
  return {
    object: LISTS,
    label: 'Audiences',
    keyFields: [],
    fields: [
      { ...text('name'), required: true },
      { ...text('permission_reminder'), required: true },
      { name: 'double_optin', type: 'boolean', platformType: 'boolean', readOnly: false },
      { name: 'email_type_option', type: 'boolean', platformType: 'boolean', readOnly: false },
      text('notify_on_subscribe'),
      text('notify_on_unsubscribe'),
      { name: 'date_created', type: 'datetime', platformType: 'datetime', readOnly: true },
    ],
    createWithKey: false,
    undelete: false,
    sideEffects: [],
  };
}
