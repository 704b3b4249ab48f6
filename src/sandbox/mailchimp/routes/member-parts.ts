import { invalidFields, notFound } from '../failure.js';
import { membersOf } from '../state/account.js';
import { idOf, keyOf } from '../state/members.js';
import type { Audience, Member, Note } from '../state/model.js';
import { addTag, setTag, tagNamed, tagsOf } from '../state/tags.js';
import { msOf, timeOf } from '../state/times.js';
import { type Body, checkedBody, textIn, wrongIn } from './body.js';
import { ofMember } from './members.js';
import { type ApiContext, collection, done, type MailchimpRoute, ok, type Request, writerOf } from './route.js';

/** Tags, notes and events of a member. */
export function memberPartRoutes(context: ApiContext): readonly MailchimpRoute[] {
  return [...tagRoutes(context), ...noteRoutes(context), ...eventRoutes(context)];
}

function tagRoutes(context: ApiContext): readonly MailchimpRoute[] {
  return [
    ofMember(context, 'GET', '/tags', (audience, { contactId }, { query }) =>
      collection('tags', tagsOf(audience, contactId), query, {}, ({ id, name, members }) => ({
        id,
        name,
        date_added: timeOf(members.get(contactId)),
      })),
    ),
    ofMember(context, 'POST', '/tags', (audience, member, request) => {
      // A body without a list of tags is answered as one that was done.
      const { tags } = (request.body ?? {}) as Body;
      if (Array.isArray(tags)) giveTags(context.account, audience, member, tags as readonly Body[], request);
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

function noteRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account } = context;
  const put = (audience: Audience, member: Member, notes: readonly Note[]): void => void audience.members.set(member.contactId, { ...member, notes });
  const textOf = ({ body }: Request): string => textIn(checkedBody(body, { note: 'string' }), 'note').slice(0, LONGEST_NOTE);
  return [
    ofMember(context, 'GET', '/notes', (audience, member, { query }) =>
      collection('notes', member.notes, query, { list_id: audience.id }, (each) => presentNote(audience, member, each)),
    ),
    ofMember(context, 'POST', '/notes', (audience, member, request) => {
      const note = { id: account.ids.number(), text: textOf(request), createdAt: account.now(), updatedAt: account.now() };
      put(audience, member, [...member.notes, note]);
      return ok(presentNote(audience, member, note));
    }),
    ofMember(context, 'GET', '/notes/([^/]+)', (audience, member, _, id = '') => ok(presentNote(audience, member, heldNote(member, id)))),
    ofMember(context, 'PATCH', '/notes/([^/]+)', (audience, member, request, id = '') => {
      const held = heldNote(member, id);
      const note = { ...held, text: textOf(request), updatedAt: account.now() };
      const notes = member.notes.map((each) => (each === held ? note : each));
      put(audience, member, notes);
      return ok(presentNote(audience, member, note));
    }),
    ofMember(context, 'DELETE', '/notes/([^/]+)', (audience, member, _, id = '') => {
      const held = heldNote(member, id);
      const notes = member.notes.filter((each) => each !== held);
      put(audience, member, notes);
      return done;
    }),
  ];
}

const LONGEST_NOTE = 1000;

function heldNote({ notes }: Member, id: string): Note {
  const found = notes.find((each) => String(each.id) === id);
  if (!found) throw notFound();
  return found;
}

const presentNote = (audience: Audience, member: Member, { id, text, createdAt, updatedAt }: Note): unknown => ({
  id,
  created_at: timeOf(createdAt),
  created_by: 'Example',
  updated_at: timeOf(updatedAt),
  note: text,
  list_id: audience.id,
  email_id: idOf(member),
  contact_id: member.contactId,
  _links: [],
});

function eventRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account } = context;
  return [
    ofMember(context, 'GET', '/events', (_, { events }, { query }) =>
      collection('events', events, query, {}, ({ name, occurredAt, properties }) => ({ name, occurred_at: timeOf(occurredAt), properties })),
    ),
    ofMember(context, 'POST', '/events', (audience, member, { body }) => {
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
