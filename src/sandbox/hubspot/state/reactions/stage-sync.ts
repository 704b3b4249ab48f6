import type { Cause } from '../../../automation.js';
import type { LinkType } from '../link-types.js';
import type { ObjectType } from '../object-type.js';
import { outcomeOf } from '../pipeline-rules.js';
import type { StoredRecord, Writer, WriteSource } from '../record.js';
import type { PropertyValues } from '../values.js';
import type { Reacting } from './reacting.js';

const BY_COMPANY: WriteSource = { type: 'COMPANIES', id: 'LifecycleStageSync' };
const BY_DEAL: WriteSource = { type: 'DEALS', id: 'LifecycleStageSync' };

/**
 * What a changed record does to the stages of others, where the account is set so: a company's stage goes to the
 * contacts whose primary company it is, and a deal that is won makes customers. Stages move forward only.
 */
export function syncStages(portal: Reacting, type: ObjectType, record: StoredRecord, before: PropertyValues, because: Cause): void {
  if (!portal.settings.syncsStages) return;
  const stage = record.values.lifecyclestage;
  if (type.name === 'companies' && stage !== undefined && stage !== before.lifecyclestage)
    for (const [contact, types] of portal.links.neighbours('companies', record.id, 'contacts') ?? [])
      if ([...types].some((each) => each.primary)) setStage(portal, 'contacts', contact, stage, { source: BY_COMPANY, because });
  if (type.name === 'deals' && outcomeOf(record.values) === 'won' && outcomeOf(before) !== 'won')
    for (const object of ['contacts', 'companies'])
      for (const [id] of portal.links.neighbours('deals', record.id, object) ?? [])
        setStage(portal, object, id, 'customer', { source: BY_DEAL, because });
}

/** What a new link to a deal does to the stage of the other side, where the account is set so. */
export function syncStageOfLink(portal: Reacting, link: LinkType, from: string, to: string, because: Cause): void {
  if (!portal.settings.syncsStages || (link.from !== 'deals' && link.to !== 'deals')) return;
  const [deal, object, id] = link.from === 'deals' ? [from, link.to, to] : [to, link.from, from];
  const outcome = outcomeOf(portal.table(portal.types.get('deals')).find(deal)?.values ?? {});
  if (outcome === 'open' || outcome === 'won')
    setStage(portal, object, id, outcome === 'won' ? 'customer' : 'opportunity', { source: BY_DEAL, because });
}

function setStage(portal: Reacting, object: string, id: string, lifecyclestage: string, writer: Writer): void {
  const type = portal.types.get(object);
  const record = portal.table(type).find(id);
  if (record && type.properties.has('lifecyclestage')) portal.update(type, record, { lifecyclestage }, writer);
}
