import { z } from 'zod';

const customField = z.strictObject({
  /** Ends in `__c`, unless it is one that Salesforce has and this sandbox has not. */
  name: z.string().regex(/^[A-Za-z]\w*$/),
  type: z.enum([
    'string',
    'textarea',
    'boolean',
    'int',
    'double',
    'currency',
    'percent',
    'date',
    'datetime',
    'email',
    'phone',
    'url',
    'picklist',
    'multipicklist',
    'combobox',
    'reference',
    'encryptedstring',
  ]),
  label: z.string().optional(),
  /** Of a text (255), an area (32,768 where it is long). */
  length: z.number().int().optional(),
  precision: z.number().int().optional(),
  scale: z.number().int().optional(),
  options: z.array(z.string()).optional(),
  /** Options that are no longer active. */
  inactive: z.array(z.string()).optional(),
  restricted: z.boolean().optional(),
  default: z.union([z.string(), z.boolean()]).optional(),
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  caseSensitive: z.boolean().optional(),
  externalId: z.boolean().optional(),
  /** The objects that a reference may point to. */
  to: z.array(z.string()).optional(),
  /** What becomes of the record when that one is deleted. A master-detail relationship is always deleted with it. */
  onDelete: z.enum(['clear', 'restrict', 'cascade', 'master-detail']).optional(),
  /** The name of the way back: `Orders` is read as `Orders__r`. */
  children: z.string().optional(),
  /** A formula: the path whose value it shows, `Account.Industry`. */
  formula: z.string().optional(),
});
const customObject = z.strictObject({
  name: z.string().regex(/^[A-Za-z]\w*__c$/),
  label: z.string().optional(),
  /** What its ids begin with; counted up where it is not said. */
  keyPrefix: z
    .string()
    .regex(/^\w{3}$/)
    .optional(),
  /** Names are counted up by the platform instead of given. */
  autoNumber: z.boolean().optional(),
  fields: z.array(customField).default([]),
});
const recordType = z.strictObject({
  object: z.string(),
  /** Counted up where it is not said. */
  id: z.string().optional(),
  name: z.string(),
  developerName: z.string().optional(),
  isDefault: z.boolean().optional(),
  picklists: z.record(z.string(), z.array(z.string())).optional(),
});
const validationRule = z.strictObject({
  object: z.string(),
  /** Counted up where it is not said. */
  name: z.string().optional(),
  /** Switched off, it refuses nothing. */
  active: z.boolean().optional(),
  /** A condition as in SOQL: a record for which it holds is refused. */
  refuses: z.string(),
  message: z.string(),
  /** Where the message is shown; without it, at the top of the page. */
  field: z.string().optional(),
});
const duplicateRule = z.strictObject({
  object: z.string(),
  /** Fields that are all alike, in any case. */
  match: z.array(z.string()).min(1),
  /** `alert` lets those through that send `allowSave=true`. */
  action: z.enum(['block', 'alert']).default('block'),
});

/** How an account differs from a fresh one. */
export const descriptionForm = z.strictObject({
  objects: z.array(customObject).default([]),
  /** Custom fields of the standard objects. */
  fields: z.record(z.string(), z.array(customField)).default({}),
  recordTypes: z.array(recordType).default([]),
  validationRules: z.array(validationRule).default([]),
  duplicateRules: z.array(duplicateRule).default([]),
  /** Fields whose history is kept, by object: at most 20 each. */
  tracked: z.record(z.string(), z.array(z.string()).max(20)).default({}),
  /** `Contact.Salary__c`: what the user of the API does not see, and what that user sees and cannot write. */
  hidden: z.array(z.string()).default([]),
  readOnly: z.array(z.string()).default([]),
  /** Whether the user of the API has the permission View Encrypted Data, which no standard profile has. */
  seesEncrypted: z.boolean().default(false),
});

/** What a test or a drill says of an account; what it leaves out is as in a fresh one. */
export type OrgDescription = z.input<typeof descriptionForm>;
export type CompleteDescription = z.output<typeof descriptionForm>;
export type CustomField = z.output<typeof customField>;
export type CustomObject = z.output<typeof customObject>;
