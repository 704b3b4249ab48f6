import { invalidFields, notFound } from '../failure.js';
import { membersOf, tagsObjectOf } from '../state/account.js';
import { findMember, heldMember, keyOf } from '../state/members.js';
import type { Audience, Member } from '../state/model.js';
import { heldTag } from '../state/records.js';
import { addTag, setTag, tagNamed } from '../state/tags.js';
import { checkedBody, textIn } from './body.js';
import { presentMember, presentTag } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ofAudience, ok, type Request, writerOf } from './route.js';

const SEGMENTS = '/lists/([^/]+)/segments';
const SEGMENT = `${SEGMENTS}/([^/]+)`;

/** Static segments, which are tags. Segments by conditions are not there. */
export function segmentRoutes(context: ApiContext): readonly MailchimpRoute[] {
  return [...plainRoutes(context), ...membershipRoutes(context)];
}

function plainRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  return [
    of('GET', SEGMENTS, (audience, { query }) => {
      const tags = query.get('type') === 'saved' || query.get('type') === 'fuzzy' ? [] : [...audience.tags.values()];
      return collection('segments', tags, query, { list_id: audience.id }, (each) => presentTag(audience, each, url()));
    }),
    of('POST', SEGMENTS, (audience, request) => {
      const body = checkedBody(request.body, { name: 'string', static_segment: 'array', options: 'object' }, ['name']);
      if (body['static_segment'] === undefined) throw invalidFields([{ field: 'options', message: 'The sandbox knows static segments only' }]);
      const name = textIn(body, 'name');
      if (name.trim() === '' || tagNamed(audience, name))
        throw invalidFields([{ field: 'name', message: `Sorry, that tag already exists: ${name}` }]);
      const tag = addTag(audience, account.ids.number(), name, account.now());
      account.note('create', tagsObjectOf(audience), String(tag.id), writerOf(request));
      put(account, audience, tag.id, (body['static_segment'] as readonly unknown[]).map(String), true, request);
      return ok(presentTag(audience, heldTag(audience, String(tag.id)), url()));
    }),
    of('GET', SEGMENT, (audience, _, id = '') => {
      return ok(presentTag(audience, heldTag(audience, id), url()));
    }),
    of('PATCH', SEGMENT, (audience, request, id = '') => {
      const tag = heldTag(audience, id);
      const body = checkedBody(request.body, { name: 'string', static_segment: 'array' });
      audience.tags.set(tag.id, { ...tag, name: textIn(body, 'name').trim() || tag.name, updatedAt: account.now() });
      if (Array.isArray(body['static_segment'])) replace(account, audience, tag.id, body['static_segment'].map(String), request);
      return ok(presentTag(audience, heldTag(audience, id), url()));
    }),
    of('DELETE', SEGMENT, (audience, request, id = '') => {
      audience.tags.delete(heldTag(audience, id).id);
      account.note('delete', tagsObjectOf(audience), id, writerOf(request));
      return done;
    }),
    of('GET', '/lists/([^/]+)/tag-search', (audience, { query }) => {
      const wanted = (query.get('name') ?? '').toLowerCase();
      const tags = [...audience.tags.values()].filter(({ name }) => name.toLowerCase().startsWith(wanted)).map(({ id, name }) => ({ id, name }));
      return ok({ tags, total_items: tags.length });
    }),
  ];
}

function membershipRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  const told = (audience: Audience, member: Member): unknown => presentMember(audience, member, url());
  return [
    of('GET', `${SEGMENT}/members`, (audience, { query }, id = '') => {
      const found = [...heldTag(audience, id).members.keys()].flatMap((contact) => audience.members.get(contact) ?? []);
      // Without a word about others, those who get mail.
      const wanted = found.filter(({ status }) => status === 'subscribed' || query.get(`include_${status}`) === 'true');
      return collection('members', wanted, query, {}, (each) => told(audience, each));
    }),
    of('POST', `${SEGMENT}/members`, (audience, request, id = '') => {
      const email = textIn(checkedBody(request.body, { email_address: 'string' }, ['email_address']), 'email_address');
      const member = heldMember(audience, email);
      put(account, audience, heldTag(audience, id).id, [email], true, request);
      return ok(told(audience, member));
    }),
    of('DELETE', `${SEGMENT}/members/([^/]+)`, (audience, request, id = '', name = '') => {
      const tag = heldTag(audience, id);
      if (!tag.members.has(heldMember(audience, name).contactId)) throw notFound();
      put(account, audience, tag.id, [name], false, request);
      return done;
    }),
    of('POST', SEGMENT, (audience, request, id = '') => {
      const tag = heldTag(audience, id);
      const body = checkedBody(request.body, { members_to_add: 'array', members_to_remove: 'array' });
      const names = (field: string): readonly string[] => (body[field] as readonly unknown[] | undefined)?.map(String) ?? [];
      if (names('members_to_add').length > 500 || names('members_to_remove').length > 500)
        throw invalidFields([{ field: 'members_to_add', message: 'This value should contain 500 elements or less.' }]);
      const added = put(account, audience, tag.id, names('members_to_add'), true, request);
      const removed = put(account, audience, tag.id, names('members_to_remove'), false, request);
      const lost = [...added.unknown, ...removed.unknown];
      return ok({
        members_added: added.members.map((each) => told(audience, each)),
        members_removed: removed.members.map((each) => told(audience, each)),
        errors: lost.length === 0 ? [] : [{ email_addresses: lost, error: 'Email addresses are not list members' }],
        total_added: added.members.length,
        total_removed: removed.members.length,
        error_count: lost.length,
        _links: [],
      });
    }),
  ];
}

/** Gives a tag to members, or takes it away; tells whom, and which names nobody has. */
function put(account: ApiContext['account'], audience: Audience, tag: number, names: readonly string[], has: boolean, request: Request) {
  const [members, unknown]: [Member[], string[]] = [[], []];
  for (const name of names) {
    const member = findMember(audience, name);
    if (!member) unknown.push(name);
    else if (setTag(audience, heldTag(audience, String(tag)), member.contactId, has, account.now())) {
      members.push(member);
      account.note(has ? 'link' : 'unlink', membersOf(audience), keyOf(member), writerOf(request));
    }
  }
  return { members, unknown };
}

function replace(account: ApiContext['account'], audience: Audience, tag: number, names: readonly string[], request: Request): void {
  const wanted = new Set(names.flatMap((name) => findMember(audience, name)?.contactId ?? []));
  const others = [...heldTag(audience, String(tag)).members.keys()].filter((contact) => !wanted.has(contact));
  put(account, audience, tag, others, false, request);
  put(account, audience, tag, names, true, request);
}
