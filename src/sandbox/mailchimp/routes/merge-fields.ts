import { invalidFields, notFound } from '../failure.js';
import { dateFormatOf } from '../state/description.js';
import { type Audience, type MergeField, MERGE_TYPES, type MergeType } from '../state/model.js';
import { type Body, checkedBody, type Kind, textIn } from './body.js';
import { presentMergeField } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ofAudience, ok } from './route.js';

const SCHEMA: Readonly<Record<string, Kind>> = {
  tag: 'string',
  name: 'string',
  type: MERGE_TYPES,
  required: 'boolean',
  default_value: 'string',
  public: 'boolean',
  display_order: 'number',
  options: 'object',
  help_text: 'string',
};
const PATH = '/lists/([^/]+)/merge-fields';

/** Merge fields of an audience. */
export function mergeFieldRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  const held = (audience: Audience, id: string): MergeField => {
    const found = audience.mergeFields.get(Number(id));
    if (!found) throw notFound();
    return found;
  };
  return [
    of('GET', PATH, (audience, { query }) => {
      const found = [...audience.mergeFields.values()]
        .filter(({ type, required }) => [null, '', type].includes(query.get('type')) && [null, '', String(required)].includes(query.get('required')))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return collection('merge_fields', found, query, { list_id: audience.id }, (each) => presentMergeField(audience, each, url()));
    }),
    of('POST', PATH, (audience, { body }) => {
      const field = newField(audience, checkedBody(body, SCHEMA, ['name', 'type']), account.settings.mergeFieldLimit);
      audience.mergeFields.set(field.id, field);
      return ok({
        ...presentMergeField(audience, field, url()),
        total_items: audience.mergeFields.size,
        merge_field_limit: account.settings.mergeFieldLimit,
      });
    }),
    of('GET', `${PATH}/([^/]+)`, (audience, _, id = '') => {
      return ok(presentMergeField(audience, held(audience, id), url()));
    }),
    of('PATCH', `${PATH}/([^/]+)`, (audience, { body }, id = '') => {
      const { type: _, ...given } = checkedBody(body, SCHEMA);
      const field = changedField(audience, held(audience, id), given);
      audience.mergeFields.set(field.id, field);
      return ok(presentMergeField(audience, field, url()));
    }),
    of('DELETE', `${PATH}/([^/]+)`, (audience, _, id = '') => {
      const { id: number, tag } = held(audience, id);
      audience.mergeFields.delete(number);
      // What members held in it is gone, also where the field is made again.
      for (const member of audience.members.values()) {
        const { [tag]: _, ...values } = member.values;
        audience.members.set(member.contactId, { ...member, values });
      }
      return done;
    }),
  ];
}

function newField(audience: Audience, body: Body, limit: number): MergeField {
  if (audience.mergeFields.size >= limit) throw invalidFields([{ field: '', message: `An audience has at most ${limit} merge fields` }]);
  const id = Math.max(0, ...audience.mergeFields.keys()) + 1;
  const type = body['type'] as MergeType;
  const plain: MergeField = {
    id,
    tag: textIn(body, 'tag') === '' ? `MMERGE${id}` : tagIn(audience, body),
    name: textIn(body, 'name'),
    type,
    required: false,
    defaultValue: '',
    public: false,
    order: id + 1,
    help: '',
    choices: [],
    dateFormat: dateFormatOf(type),
    phoneFormat: type === 'phone' ? 'none' : '',
  };
  const { tag: _, ...rest } = body;
  return changedField(audience, plain, rest);
}

function tagIn(audience: Audience, body: Body): string {
  const tag = textIn(body, 'tag').toUpperCase();
  const isTaken = [...audience.mergeFields.values()].some((each) => each.tag === tag);
  if (!/^[A-Z0-9_]{1,10}$/.test(tag) || isTaken)
    throw invalidFields([
      { field: 'tag', message: isTaken ? `A Merge Field with the tag "${tag}" already exists for this list.` : 'Not a merge tag' },
    ]);
  return tag;
}

function changedField(audience: Audience, field: MergeField, body: Body): MergeField {
  const tag = textIn(body, 'tag') === '' || textIn(body, 'tag').toUpperCase() === field.tag ? field.tag : tagIn(audience, body);
  const options = (body['options'] ?? {}) as Body;
  const choices = options['choices'];
  const changed: MergeField = {
    ...field,
    tag,
    name: textIn(body, 'name') || field.name,
    required: (body['required'] as boolean | undefined) ?? field.required,
    defaultValue: (body['default_value'] as string | undefined) ?? field.defaultValue,
    public: (body['public'] as boolean | undefined) ?? field.public,
    order: (body['display_order'] as number | undefined) ?? field.order,
    help: (body['help_text'] as string | undefined) ?? field.help,
    choices: Array.isArray(choices) ? choices.map(String) : field.choices,
    dateFormat: textIn(options, 'date_format') || field.dateFormat,
    phoneFormat: textIn(options, 'phone_format') || field.phoneFormat,
  };
  if (tag !== field.tag) renameValues(audience, field.tag, tag);
  return changed;
}

/** Members keep what they hold where a field is called another way. */
function renameValues(audience: Audience, from: string, to: string): void {
  for (const member of audience.members.values()) {
    const { [from]: value, ...rest } = member.values;
    if (value !== undefined) audience.members.set(member.contactId, { ...member, values: { ...rest, [to]: value } });
  }
}
