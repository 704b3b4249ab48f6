import { badRequest } from '../failure.js';
import { DEAL_PIPELINES, TICKET_PIPELINES, type Pipeline, type PipelineStage } from '../properties/deals.js';
import type { ObjectType } from './object-type.js';
import type { PropertyValues } from './values.js';

/** Where an object type keeps its pipeline and its stage. */
interface PipelineFields {
  readonly pipeline: string;
  readonly stage: string;
  readonly pipelines: readonly Pipeline[];
}

const FIELDS: Readonly<Record<string, PipelineFields>> = {
  deals: { pipeline: 'pipeline', stage: 'dealstage', pipelines: DEAL_PIPELINES },
  tickets: { pipeline: 'hs_pipeline', stage: 'hs_pipeline_stage', pipelines: TICKET_PIPELINES },
};

/**
 * Throws HubSpot's 400 where a write would leave a stage that its pipeline does not have. No pipeline means the first
 * one.
 */
export function checkStage(type: ObjectType, accepted: PropertyValues, held: PropertyValues): void {
  const fields = FIELDS[type.name];
  if (!fields || (accepted[fields.pipeline] === undefined && accepted[fields.stage] === undefined)) return;
  const stage = accepted[fields.stage] ?? held[fields.stage] ?? '';
  const pipeline = pipelineOf(fields, { ...held, ...accepted });
  // Of the stages of an account that was put here only the names are known.
  const known = fields.pipelines.some(({ stages }) => stages.some((each) => each.id === stage));
  if (!known || pipeline?.stages.some((each) => each.id === stage)) return;
  const message = `${stage} is not a stage of the pipeline ${pipeline?.id ?? ''}`;
  throw badRequest(`Property values were not valid: ${JSON.stringify([{ isValid: false, message, error: 'INVALID_OPTION', name: fields.stage }])}`, [
    { message, code: 'INVALID_OPTION', context: { propertyName: [fields.stage] } },
  ]);
}

/** The pipeline that a new record falls into when none was sent; nothing for types without pipelines. */
export function defaultPipeline(type: ObjectType, values: PropertyValues): Readonly<Record<string, string>> {
  const fields = FIELDS[type.name];
  const first = fields?.pipelines[0];
  return fields && first && values[fields.pipeline] === undefined ? { [fields.pipeline]: first.id } : {};
}

/** How a deal's stage counts: open, won or lost. Undefined without a known stage. */
export function outcomeOf(values: PropertyValues): 'open' | 'won' | 'lost' | undefined {
  const stage = dealStage(values.dealstage);
  return stage && (!stage.closed ? 'open' : stage.probability === '1.0' ? 'won' : 'lost');
}

/** The stage of that id in any pipeline of deals. */
export const dealStage = (id: string | undefined): PipelineStage | undefined =>
  DEAL_PIPELINES.flatMap((pipeline) => pipeline.stages).find((each) => each.id === id);

const pipelineOf = (fields: PipelineFields, values: PropertyValues): Pipeline | undefined => {
  const named = values[fields.pipeline] ?? '';
  return named === '' ? fields.pipelines[0] : fields.pipelines.find((each) => each.id === named);
};
