import { badRequest } from '../failure.js';
import { md5 } from '../state/ids.js';
import { idOf } from '../state/members.js';
import { type Audience, type Member, STATUSES } from '../state/model.js';
import { timeIn } from './route.js';

type Test = (member: Member) => boolean;

/**
 * Members that a query asks for, in its order. Those who are archived are told only where `status` asks for them; of
 * the same time, and without `sort_field`, the order is that in which they came.
 */
export function queriedMembers(audience: Audience, query: URLSearchParams): readonly Member[] {
  const tests = [statusTest(query), ...timeTests(query), ...plainTests(query), interestTest(audience, query)];
  const found = [...audience.members.values()].filter((member) => tests.every((test) => test(member)));
  return sorted(found, query);
}

function statusTest(query: URLSearchParams): Test {
  const status = query.get('status') ?? '';
  if (status === '') {
    for (const name of ['unsubscribed_since', 'since_last_campaign']) if (query.get(name)) throw badRequest(`${name} needs a status`);
    return (member) => member.status !== 'archived';
  }
  if (!(STATUSES as readonly string[]).includes(status)) throw badRequest(`status: not one of ${STATUSES.join(', ')}`);
  return (member) => member.status === status;
}

function timeTests(query: URLSearchParams): readonly Test[] {
  const between = (since: string, before: string, of: (member: Member) => number | undefined): Test => {
    const [from, to] = [timeIn(query, since), timeIn(query, before)];
    return (member) => {
      const at = of(member);
      // What is told has whole seconds, and is what is compared.
      const second = at === undefined ? undefined : Math.floor(at / 1000) * 1000;
      return (from === undefined || (second !== undefined && second > from)) && (to === undefined || (second !== undefined && second < to));
    };
  };
  if (query.get('unsubscribed_since') && query.get('status') !== 'unsubscribed')
    throw badRequest('unsubscribed_since is for the status unsubscribed only');
  return [
    between('since_last_changed', 'before_last_changed', ({ changedAt }) => changedAt),
    between('since_timestamp_opt', 'before_timestamp_opt', ({ optedInAt }) => optedInAt),
    between('unsubscribed_since', '', ({ unsubscribedAt }) => unsubscribedAt),
  ];
}

function plainTests(query: URLSearchParams): readonly Test[] {
  const type = query.get('email_type');
  const unique = query.get('unique_email_id');
  return [
    (member) => !type || member.emailType === type,
    (member) => !unique || md5(`unique-${idOf(member)}`).slice(0, 10) === unique,
    (member) => query.get('vip_only') !== 'true' || member.vip,
  ];
}

function interestTest(audience: Audience, query: URLSearchParams): Test {
  const [category, ids, match] = [query.get('interest_category_id'), query.get('interest_ids'), query.get('interest_match')];
  if (!category && !ids && !match) return () => true;
  if (!category || !ids || !match || !audience.categories.has(category))
    throw badRequest('interest_category_id, interest_ids and interest_match go together');
  const wanted = ids.split(',');
  return ({ interests }) => {
    const held = wanted.filter((id) => interests.includes(id)).length;
    return match === 'all' ? held === wanted.length : match === 'none' ? held === 0 : held > 0;
  };
}

const ORDERS: Readonly<Record<string, (member: Member) => number>> = {
  timestamp_opt: ({ optedInAt }) => optedInAt ?? 0,
  timestamp_signup: ({ signedUpAt }) => signedUpAt ?? 0,
  last_changed: ({ changedAt }) => changedAt,
};

function sorted(members: Member[], query: URLSearchParams): readonly Member[] {
  const field = query.get('sort_field') ?? '';
  const isDown = (query.get('sort_dir') ?? '').toUpperCase() === 'DESC';
  if (field === '') return isDown ? members.reverse() : members;
  const order = Object.hasOwn(ORDERS, field) ? ORDERS[field] : undefined;
  if (!order) throw badRequest(`sort_field: not one of ${Object.keys(ORDERS).join(', ')}`);
  const second = (member: Member): number => Math.floor(order(member) / 1000);
  return members.sort((a, b) => (isDown ? second(b) - second(a) : second(a) - second(b)));
}
