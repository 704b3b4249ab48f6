import type { ApiAnswer } from '../../kit/route.js';
import { invalidFields, notFound } from '../failure.js';
import { addMember, archiveMember, changeMember, findMember, forgetMember, heldMember, type Manner } from '../state/members.js';
import type { Audience, Member } from '../state/model.js';
import { type MemberBody, memberBody } from './member-body.js';
import { queriedMembers } from './member-query.js';
import { presentMember } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ok, on, type Request, writerOf } from './route.js';

const LIST = '/lists/([^/]+)';
export const MEMBER = `${LIST}/members/([^/]+)`;

/** How a request writes. */
export const mannerOf = (request: Request): Manner => ({ writer: writerOf(request), skips: request.query.get('skip_merge_validation') === 'true' });

/** Members of an audience. */
export function memberRoutes({ account, url }: ApiContext): readonly MailchimpRoute[] {
  const told = (audience: Audience, member: Member): ApiAnswer => ok(presentMember(audience, member, url()));
  return [
    on('GET', `${LIST}/members`, ({ query }, list = '') => {
      const audience = account.audience(list);
      const found = queriedMembers(audience, query);
      return collection('members', found, query, { list_id: list }, (each) => presentMember(audience, each, url()));
    }),
    on('POST', `${LIST}/members`, (request, list = '') => {
      const audience = account.audience(list);
      const { statusIfNew: _, ...change } = memberBody(request.body, ['email_address', 'status']);
      return told(audience, addMember(account, audience, change, mannerOf(request)));
    }),
    on('GET', MEMBER, (_, list = '', name = '') => {
      const audience = account.audience(list);
      return told(audience, heldMember(audience, name));
    }),
    on('PATCH', MEMBER, (request, list = '', name = '') => {
      const audience = account.audience(list);
      const member = heldMember(audience, name);
      const { statusIfNew: _, tags: __, ...change } = memberBody(request.body);
      return told(audience, changeMember(account, audience, member, change, mannerOf(request)));
    }),
    on('PUT', MEMBER, (request, list = '', name = '') => {
      const audience = account.audience(list);
      return told(audience, upsert(account, audience, name, memberBody(request.body), mannerOf(request)));
    }),
    on('DELETE', MEMBER, (request, list = '', name = '') => {
      const audience = account.audience(list);
      archiveMember(account, audience, heldMember(audience, name), mannerOf(request));
      return done;
    }),
    on('POST', `${MEMBER}/actions/delete-permanent`, (request, list = '', name = '') => {
      const audience = account.audience(list);
      forgetMember(account, audience, heldMember(audience, name), mannerOf(request));
      return done;
    }),
  ];
}

/** Changes whoever is at a path; somebody new is at the hash of the address in the body, whatever the path says. */
export function upsert(account: ApiContext['account'], audience: Audience, name: string, body: MemberBody, manner: Manner): Member {
  const { statusIfNew, ...given } = body;
  const member = findMember(audience, name);
  if (member) {
    const { tags: _, ...change } = given;
    return changeMember(account, audience, member, change, manner);
  }
  const status = statusIfNew ?? given.status;
  const missing = [...(given.email === undefined ? ['email_address'] : []), ...(status === undefined ? ['status_if_new'] : [])];
  if (missing.length > 0 || status === undefined)
    throw invalidFields([{ field: '', message: `Required fields were not provided: ${missing.join(', ')}` }]);
  if (!/^[0-9a-f]{32}$/i.test(name) && !name.includes('@')) throw notFound();
  return addMember(account, audience, { ...given, status }, manner);
}
