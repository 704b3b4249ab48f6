import { ApiFailure } from '../failure.js';
import { upsertBy } from '../routes/upsert.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Sent } from '../state/draft.js';
import { wideId } from '../state/ids.js';
import type { Manner, Org } from '../state/org.js';
import type { Writer } from '../state/record.js';
import { said } from '../state/text.js';

/** What became of a line: written, made or changed; or why not. */
export interface Outcome {
  readonly id: string;
  readonly created?: boolean;
  readonly error?: string;
}

interface Lines {
  readonly operation: string;
  readonly object: string;
  readonly key: string | undefined;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Writes line by line; one that is refused takes no other with it. */
export function process(org: Org, job: Lines, writer: Writer): readonly Outcome[] {
  const object = org.schema.get(job.object);
  return job.rows.map((row) => {
    const sent = sentOf(job.columns, row);
    const given = said(sent.Id);
    try {
      return org.atomically(() => write(org, object, job, sent, { writer, form: 'text' }));
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      const [{ errorCode, message, fields = [] } = { errorCode: '', message: '' }] = error.body;
      // A row names a record that is not there otherwise than a path does.
      const told = errorCode === 'NOT_FOUND' ? 'INVALID_CROSS_REFERENCE_KEY:invalid cross reference id' : `${errorCode}:${message}`;
      return { id: job.operation === 'insert' ? '' : (wideId(given) ?? given), error: `${told}:${fields.join(', ')} --` };
    }
  });
}

function write(org: Org, object: ObjectType, { operation, key = 'Id' }: Lines, { Id: id = '', ...sent }: Sent, manner: Manner): Outcome {
  const given = String(id);
  switch (operation) {
    case 'insert':
      return { id: org.create(object, sent, manner).id, created: true };
    case 'update':
      return { id: org.update(object, org.held(object, given).id, sent, manner).id, created: false };
    case 'upsert': {
      if (key.toLowerCase() === 'id') return { id: org.update(object, org.held(object, given).id, sent, manner).id, created: false };
      const { [key]: value, ...rest } = sent;
      const done = upsertBy(org, object, key, said(value), rest, manner);
      if ('choices' in done)
        throw new ApiFailure(400, 'DUPLICATE_EXTERNAL_ID', `${key}: more than one record found for external id field: [${done.choices.join(', ')}]`);
      return done;
    }
    default: {
      const { id: wide } = org.held(object, given);
      org.bin.remove(object, wide, manner.writer);
      if (operation === 'hardDelete') org.bin.purge(wide, manner.writer);
      return { id: wide, created: false };
    }
  }
}

/** An empty cell says nothing of its field; `#N/A` empties it. `Account.Ext__c` names another record. */
function sentOf(columns: readonly string[], row: readonly string[]): Sent {
  const sent: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) {
    const cell = row[index] ?? '';
    if (cell === '') continue;
    const value = cell === '#N/A' ? null : cell;
    const [relation = '', name] = column.split('.');
    if (name === undefined) sent[column.toLowerCase() === 'id' ? 'Id' : column] = value;
    else sent[relation] = { [name]: value };
  }
  return sent;
}
