import { notFound } from '../failure.js';
import type { Audience, Interest, InterestCategory } from '../state/model.js';
import { checkedBody, textIn } from './body.js';
import { self } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ofAudience, ok } from './route.js';

const TYPES = ['checkboxes', 'dropdown', 'radio', 'hidden'] as const;
const CATEGORIES = '/lists/([^/]+)/interest-categories';
const INTERESTS = `${CATEGORIES}/([^/]+)/interests`;

/** Groups of interests, and the interests of a group. */
export function interestRoutes(context: ApiContext): readonly MailchimpRoute[] {
  return [...categoryRoutes(context), ...ofCategory(context)];
}

function heldCategory(audience: Audience, id: string): InterestCategory {
  const found = audience.categories.get(id);
  if (!found) throw notFound();
  return found;
}

/** Nobody has an interest that is gone. */
function forgetInterests(audience: Audience, ids: ReadonlySet<string>): void {
  for (const member of audience.members.values())
    if (member.interests.some((id) => ids.has(id)))
      audience.members.set(member.contactId, { ...member, interests: member.interests.filter((id) => !ids.has(id)) });
}

function categoryRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  const told = ({ id: list }: Audience, { id, title, type, order }: InterestCategory): unknown => ({
    list_id: list,
    id,
    title,
    display_order: order,
    type,
    _links: self(url(), `/lists/${list}/interest-categories/${id}`),
  });
  return [
    of('GET', CATEGORIES, (audience, { query }) => {
      return collection('categories', [...audience.categories.values()], query, { list_id: audience.id }, (each) => told(audience, each));
    }),
    of('POST', CATEGORIES, (audience, { body }) => {
      const given = checkedBody(body, { title: 'string', type: TYPES, display_order: 'number' }, ['title', 'type']);
      const category = {
        id: account.ids.short(),
        title: textIn(given, 'title').trim(),
        type: textIn(given, 'type'),
        order: audience.categories.size,
        interests: [],
      };
      audience.categories.set(category.id, category);
      return ok(told(audience, category));
    }),
    of('GET', `${CATEGORIES}/([^/]+)`, (audience, _, id = '') => {
      return ok(told(audience, heldCategory(audience, id)));
    }),
    of('PATCH', `${CATEGORIES}/([^/]+)`, (audience, { body }, id = '') => {
      const held = heldCategory(audience, id);
      const given = checkedBody(body, { title: 'string', type: TYPES, display_order: 'number' });
      const changed = { ...held, title: textIn(given, 'title').trim() || held.title, type: textIn(given, 'type') || held.type };
      audience.categories.set(id, changed);
      return ok(told(audience, changed));
    }),
    of('DELETE', `${CATEGORIES}/([^/]+)`, (audience, _, id = '') => {
      forgetInterests(audience, new Set(heldCategory(audience, id).interests.map((each) => each.id)));
      audience.categories.delete(id);
      return done;
    }),
  ];
}

function ofCategory(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  const told = ({ id: list, members }: Audience, category: string, { id, name, order }: Interest): unknown => ({
    category_id: category,
    list_id: list,
    id,
    name,
    subscriber_count: String([...members.values()].filter(({ interests, status }) => status === 'subscribed' && interests.includes(id)).length),
    display_order: order,
    _links: self(url(), `/lists/${list}/interest-categories/${category}/interests/${id}`),
  });
  const found = ({ interests }: InterestCategory, id: string): Interest => {
    const one = interests.find((each) => each.id === id);
    if (!one) throw notFound();
    return one;
  };
  const put = (audience: Audience, category: InterestCategory, interests: readonly Interest[]): void =>
    void audience.categories.set(category.id, { ...category, interests });
  return [
    of('GET', INTERESTS, (audience, { query }, id = '') => {
      return collection('interests', heldCategory(audience, id).interests, query, { list_id: audience.id, category_id: id }, (each) =>
        told(audience, id, each),
      );
    }),
    of('POST', INTERESTS, (audience, { body }, id = '') => {
      const category = heldCategory(audience, id);
      const name = textIn(checkedBody(body, { name: 'string', display_order: 'number' }, ['name']), 'name').trim();
      const interest = { id: account.ids.short(), name, order: category.interests.length + 1 };
      put(audience, category, [...category.interests, interest]);
      return ok(told(audience, id, interest));
    }),
    of('GET', `${INTERESTS}/([^/]+)`, (audience, _, id = '', interest = '') => {
      return ok(told(audience, id, found(heldCategory(audience, id), interest)));
    }),
    of('PATCH', `${INTERESTS}/([^/]+)`, (audience, { body }, id = '', interest = '') => {
      const category = heldCategory(audience, id);
      const held = found(category, interest);
      const changed = { ...held, name: textIn(checkedBody(body, { name: 'string', display_order: 'number' }), 'name').trim() || held.name };
      put(
        audience,
        category,
        category.interests.map((each) => (each.id === interest ? changed : each)),
      );
      return ok(told(audience, id, changed));
    }),
    of('DELETE', `${INTERESTS}/([^/]+)`, (audience, _, id = '', interest = '') => {
      const category = heldCategory(audience, id);
      found(category, interest);
      forgetInterests(audience, new Set([interest]));
      put(
        audience,
        category,
        category.interests.filter((each) => each.id !== interest),
      );
      return done;
    }),
  ];
}
