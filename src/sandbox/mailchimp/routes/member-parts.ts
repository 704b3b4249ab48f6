import { notFound } from '../failure.js';
import { invalidFields } from '../failure.js';
import { membersOf } from '../state/account.js';
import { heldMember, keyOf } from '../state/members.js';
import type { Audience, Member, Note } from '../state/model.js';
import { addTag, setTag, tagNamed, tagsOf } from '../state/tags.js';
import { msOf, timeOf } from '../state/times.js';
import { type Body, checkedBody, textIn, wrongIn } from './body.js';
import { MEMBER } from './members.js';
import { type ApiContext, collection, done, type MailchimpRoute, ok, on, type Request, writerOf } from './route.js';

/** Tags, notes and events of a member. */
export function memberPartRoutes(context: ApiContext): readonly MailchimpRoute[] {
  return [...tagRoutes(context), ...noteRoutes(context), ...eventRoutes(context)];
}

function tagRoutes({ account }: ApiContext): readonly MailchimpRoute[] {
  return [
    on('GET', `${MEMBER}/tags`, ({ query }, list = '', name = '') => {
      const audience = account.audience(list);
      const { contactId } = heldMember(audience, name);
      return collection('tags', tagsOf(audience, contactId), query, {}, (each) => ({
        id: each.id,
        name: each.name,
        date_added: timeOf(each.members.get(contactId)),
      }));
    }),
    on('POST', `${MEMBER}/tags`, (request, list = '', name = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      // A body without a list of tags is answered as one that was done.
      const { tags } = (request.body ?? {}) as Body;
      if (Array.isArray(tags)) giveTags(account, audience, member, tags as readonly Body[], request);
      return done;
    }),
  ];
}

function giveTags(account: ApiContext['account'], audience: Audience, member: Member, tags: readonly Body[], request: Request): void {
  const errors = tags.flatMap((each, n) =>
    wrongIn(each ?? {}, { name: 'string', status: ['active', 'inactive'] }, ['name', 'status'], `tags.item:${n}.`),
  );
  if (errors.length > 0) throw invalidFields(errors);
  for (const each of tags) {
    const name = textIn(each, 'name').trim();
    if (name === '') continue;
    const isOn = each['status'] === 'active';
    const tag = tagNamed(audience, name) ?? (isOn ? addTag(audience, account.ids.number(), name, account.now()) : undefined);
    if (tag && setTag(audience, tag, member.contactId, isOn, account.now()))
      account.note(isOn ? 'link' : 'unlink', membersOf(audience), keyOf(member), writerOf(request));
  }
}

function noteRoutes({ account }: ApiContext): readonly MailchimpRoute[] {
  const told = (audience: Audience, member: Member, { id, text, createdAt, updatedAt }: Note): unknown => ({
    id,
    created_at: timeOf(createdAt),
    created_by: 'Example',
    updated_at: timeOf(updatedAt),
    note: text,
    list_id: audience.id,
    email_id: member.contactId,
    contact_id: member.contactId,
    _links: [],
  });
  const put = (audience: Audience, member: Member, notes: readonly Note[]): void => void audience.members.set(member.contactId, { ...member, notes });
  const found = (member: Member, id: string): Note => member.notes.find((each) => String(each.id) === id) ?? missing();
  return [
    on('GET', `${MEMBER}/notes`, ({ query }, list = '', name = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      return collection('notes', member.notes, query, { list_id: list }, (each) => told(audience, member, each));
    }),
    on('POST', `${MEMBER}/notes`, ({ body }, list = '', name = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      const note = {
        id: account.ids.number(),
        text: textIn(checkedBody(body, { note: 'string' }), 'note').slice(0, 1000),
        createdAt: account.now(),
        updatedAt: account.now(),
      };
      put(audience, member, [...member.notes, note]);
      return ok(told(audience, member, note));
    }),
    on('PATCH', `${MEMBER}/notes/([^/]+)`, ({ body }, list = '', name = '', id = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      const note = { ...found(member, id), text: textIn(checkedBody(body, { note: 'string' }), 'note').slice(0, 1000), updatedAt: account.now() };
      put(
        audience,
        member,
        member.notes.map((each) => (each.id === note.id ? note : each)),
      );
      return ok(told(audience, member, note));
    }),
    on('GET', `${MEMBER}/notes/([^/]+)`, (_, list = '', name = '', id = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      return ok(told(audience, member, found(member, id)));
    }),
    on('DELETE', `${MEMBER}/notes/([^/]+)`, (_, list = '', name = '', id = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      const note = found(member, id);
      put(
        audience,
        member,
        member.notes.filter((each) => each !== note),
      );
      return done;
    }),
  ];
}

const missing = (): never => {
  throw notFound();
};

function eventRoutes({ account }: ApiContext): readonly MailchimpRoute[] {
  return [
    on('GET', `${MEMBER}/events`, ({ query }, list = '', name = '') =>
      collection('events', heldMember(account.audience(list), name).events, query, {}, (each) => ({
        name: each.name,
        occurred_at: timeOf(each.occurredAt),
        properties: each.properties,
      })),
    ),
    on('POST', `${MEMBER}/events`, ({ body }, list = '', name = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      const given = checkedBody(body, { name: 'string', properties: 'object', is_syncing: 'boolean', occurred_at: 'string' }, ['name']);
      const event = {
        name: textIn(given, 'name'),
        occurredAt: msOf(textIn(given, 'occurred_at')) ?? account.now(),
        properties: (given['properties'] ?? {}) as Readonly<Record<string, string>>,
      };
      audience.members.set(member.contactId, { ...member, events: [event, ...member.events] });
      return done;
    }),
  ];
}
