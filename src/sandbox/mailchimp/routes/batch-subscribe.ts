import { ApiFailure, type FieldError, invalidFields } from '../failure.js';
import { hashOf } from '../state/ids.js';
import { changeMember, findMember, type Manner } from '../state/members.js';
import type { Audience, Member } from '../state/model.js';
import { addTag, dropTags, setTag, tagNamed } from '../state/tags.js';
import { checkedBody } from './body.js';
import { type MemberBody, memberItem } from './member-body.js';
import { mannerOf, upsert } from './members.js';
import { presentMember } from './present.js';
import { type ApiContext, type MailchimpRoute, ofAudience, ok } from './route.js';

/** Members of one request. */
const MOST = 500;

interface Trouble {
  readonly email_address: string;
  readonly error: string;
  readonly error_code: 'ERROR_CONTACT_EXISTS' | 'ERROR_GENERIC';
  readonly field?: string;
  readonly field_message?: string;
}

/** Many members in one request: each is added, changed or named among the errors, and the answer is 200. */
export function batchSubscribeRoute(context: ApiContext): MailchimpRoute {
  const { account, url } = context;
  const of = ofAudience(context);
  return of('POST', '/lists/([^/]+)', (audience, request) => {
    const given = checkedBody(request.body, { members: 'array', update_existing: 'boolean', sync_tags: 'boolean' }, ['members']);
    const bodies = bodiesOf(given['members'] as readonly unknown[]);
    const manner = mannerOf(request);
    const [added, updated, errors]: [Member[], Member[], Trouble[]] = [[], [], []];
    const seen = new Set<string>();
    for (const body of bodies) {
      const email = body.email ?? '';
      const hash = hashOf(email.trim());
      if (seen.has(hash)) {
        if (request.query.get('skip_duplicate_check') !== 'true')
          errors.push(trouble(email, `Duplicate items found while trying to process the email address '${email}'`));
        continue;
      }
      seen.add(hash);
      const known = findMember(audience, hash);
      if (known && given['update_existing'] !== true) {
        const error = `${email} is already a list member, do you want to update? please provide update_existing:true in the request body`;
        errors.push({ email_address: email, error, error_code: 'ERROR_CONTACT_EXISTS' });
        continue;
      }
      try {
        (known ? updated : added).push(one(account, audience, hash, known, body, { manner, syncsTags: given['sync_tags'] === true }));
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        errors.push(trouble(email, error.body.detail, error.body.errors?.[0]));
      }
    }
    const told = (each: Member): unknown => presentMember(audience, each, url());
    return ok({
      new_members: added.map(told),
      updated_members: updated.map(told),
      errors,
      total_created: added.length,
      total_updated: updated.length,
      error_count: errors.length,
      _links: [],
    });
  });
}

const trouble = (email: string, error: string, at?: FieldError): Trouble => ({
  email_address: email,
  error,
  error_code: 'ERROR_GENERIC',
  ...(at && { field: at.field, field_message: at.message }),
});

/** What has not the form of a member, or is one too many, refuses the whole request. */
function bodiesOf(members: readonly unknown[]): readonly MemberBody[] {
  if (members.length > MOST) throw invalidFields([{ field: 'members', message: `This value should contain ${MOST} elements or less.` }]);
  const read = members.map((each, n) => memberItem(each, `members.item:${n}.`));
  const errors = read.flatMap(({ errors }) => errors);
  if (errors.length > 0) throw invalidFields(errors);
  return read.map(({ body }) => body);
}

function one(
  account: ApiContext['account'],
  audience: Audience,
  hash: string,
  known: Member | undefined,
  body: MemberBody,
  { manner, syncsTags }: { readonly manner: Manner; readonly syncsTags: boolean },
): Member {
  if (!known) return upsert(account, audience, hash, body, manner);
  const { statusIfNew: _, tags, ...change } = body;
  const changed = changeMember(account, audience, known, change, manner);
  if (tags && syncsTags) dropTags(audience, known.contactId, account.now());
  for (const name of tags ?? [])
    setTag(audience, tagNamed(audience, name) ?? addTag(audience, account.ids.number(), name, account.now()), known.contactId, true, account.now());
  return changed;
}
