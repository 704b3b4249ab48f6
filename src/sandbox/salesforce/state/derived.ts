import { STAGES } from '../schema/standard/deals.js';
import type { Scalar, Values } from './record.js';

type Draft = Record<string, Scalar>;

/** What the platform works out from what was written: changes `values`, which are those that will be stored. */
export function derive(object: string, values: Draft, before: Values | undefined, sent: ReadonlySet<string>, now: number): void {
  switch (object) {
    case 'Contact':
    case 'Lead':
    case 'User':
      put(values, 'Name', [values.FirstName, values.LastName].filter((part) => part !== undefined).join(' '));
      if (object === 'Contact') values.IsEmailBounced = values.EmailBouncedReason !== undefined;
      return;
    case 'Opportunity':
      return opportunity(values, before, sent);
    case 'Task':
      values.IsClosed = values.Status === 'Completed';
      values.IsHighPriority = values.Priority === 'High';
      return;
    case 'CampaignMember':
      values.HasResponded = values.Status === 'Responded';
      if (values.HasResponded && values.FirstRespondedDate === undefined) values.FirstRespondedDate = new Date(now).toISOString().slice(0, 10);
      values.Type = values.ContactId === undefined ? 'Lead' : 'Contact';
      return;
    default:
  }
}

function opportunity(values: Draft, before: Values | undefined, sent: ReadonlySet<string>): void {
  const stage = STAGES.find(({ name }) => name === values.StageName);
  values.IsClosed = stage?.isClosed ?? false;
  values.IsWon = stage?.isWon ?? false;
  const moved = values.StageName !== before?.StageName;
  if (moved && !sent.has('Probability')) put(values, 'Probability', stage?.probability);
  if (moved && !sent.has('ForecastCategoryName')) put(values, 'ForecastCategoryName', stage?.forecast ?? 'Pipeline');
  const category = { 'Best Case': 'BestCase', Commit: 'Forecast' }[String(values.ForecastCategoryName)];
  put(values, 'ForecastCategory', category ?? values.ForecastCategoryName);
  const { Amount: amount, Probability: probability } = values;
  put(values, 'ExpectedRevenue', typeof amount === 'number' ? Math.round(amount * Number(probability ?? 0)) / 100 : undefined);
  const [year, month] = String(values.CloseDate).split('-').map(Number);
  put(values, 'FiscalYear', year);
  put(values, 'FiscalQuarter', Math.ceil((month ?? 1) / 3));
}

function put(values: Draft, name: string, value: Scalar | undefined): void {
  if (value === undefined || value === '') delete values[name];
  else values[name] = value;
}
