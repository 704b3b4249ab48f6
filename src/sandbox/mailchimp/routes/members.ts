import type { ApiAnswer } from '../../kit/route.js';
import { invalidFields, notFound } from '../failure.js';
import { addMember, archiveMember, changeMember, findMember, forgetMember, heldMember, type Manner } from '../state/members.js';
import type { Audience, Member } from '../state/model.js';
import { type MemberBody, memberBody } from './member-body.js';
import { queriedMembers } from './member-query.js';
import { presentMember } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ofAudience, ok, type Request, writerOf } from './route.js';

const LIST = '/lists/([^/]+)';
const MEMBER = `${LIST}/members/([^/]+)`;

/** How a request writes. */
export const mannerOf = (request: Request): Manner => ({ writer: writerOf(request), skips: request.query.get('skip_merge_validation') === 'true' });

/** An endpoint about one member, by whichever of its names the path has; the handler gets what comes after it. */
export function ofMember(
  context: ApiContext,
  method: string,
  rest: string,
  handle: (audience: Audience, member: Member, request: Request, ...params: string[]) => ApiAnswer,
): MailchimpRoute {
  return ofAudience(context)(method, `${MEMBER}${rest}`, (audience, request, name = '', ...params) =>
    handle(audience, heldMember(audience, name), request, ...params),
  );
}

/** Members of an audience. */
export function memberRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  const told = (audience: Audience, member: Member): ApiAnswer => ok(presentMember(audience, member, url()));
  return [
    of('GET', `${LIST}/members`, (audience, { query }) =>
      collection('members', queriedMembers(audience, query), query, { list_id: audience.id }, (each) => presentMember(audience, each, url())),
    ),
    of('POST', `${LIST}/members`, (audience, request) => {
      const { statusIfNew: _, ...change } = memberBody(request.body, ['email_address', 'status']);
      return told(audience, addMember(account, audience, change, mannerOf(request)));
    }),
    ofMember(context, 'GET', '', told),
    ofMember(context, 'PATCH', '', (audience, member, request) => {
      const { statusIfNew: _, ...change } = memberBody(request.body);
      return told(audience, changeMember(account, audience, member, change, mannerOf(request)));
    }),
    of('PUT', MEMBER, (audience, request, name = '') => told(audience, upsert(account, audience, name, memberBody(request.body), mannerOf(request)))),
    ofMember(context, 'DELETE', '', (audience, member, request) => {
      archiveMember(account, audience, member, mannerOf(request));
      return done;
    }),
    ofMember(context, 'POST', '/actions/delete-permanent', (audience, member, request) => {
      forgetMember(account, audience, member, mannerOf(request));
      return done;
    }),
  ];
}

/** Changes whoever is at a path; somebody new is at the hash of the address in the body, whatever the path says. */
export function upsert(account: ApiContext['account'], audience: Audience, name: string, body: MemberBody, manner: Manner): Member {
  const { statusIfNew, ...given } = body;
  const member = findMember(audience, name);
  if (member) {
    return changeMember(account, audience, member, given, manner);
  }
  const status = statusIfNew ?? given.status;
  const missing = [...(given.email === undefined ? ['email_address'] : []), ...(status === undefined ? ['status_if_new'] : [])];
  if (missing.length > 0 || status === undefined)
    throw invalidFields([{ field: '', message: `Required fields were not provided: ${missing.join(', ')}` }]);
  if (!/^[0-9a-f]{32}$/i.test(name) && !name.includes('@')) throw notFound();
  return addMember(account, audience, { ...given, status }, manner);
}
