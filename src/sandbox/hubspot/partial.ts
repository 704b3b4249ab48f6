import type { Fault } from './faults.js';
import type { BatchError } from './routes/batch-answer.js';
import type { ApiAnswer } from './routes/route.js';

type PartialFault = Extract<Fault, { kind: 'partial' }>;
type Result = { readonly id?: string; readonly from?: { readonly id: string } };

interface BatchBody {
  readonly results: readonly Result[];
  readonly errors?: readonly BatchError[];
}

/** A batch read's answer with some records left out, in the way the fault says. Other answers stay as they are. */
export function leaveOut(answer: ApiAnswer, fault: PartialFault): ApiAnswer {
  const { body } = answer;
  if (!isBatch(body)) return answer;
  const idOf = (result: Result): string => result.from?.id ?? result.id ?? '';
  const gone = fault.ids ? body.results.map(idOf).filter((id) => fault.ids?.includes(id)) : everySecond(body.results.map(idOf));
  if (gone.length === 0) return answer;
  const results = body.results.filter((each) => !gone.includes(idOf(each)));
  const { errors: told = [], ...rest } = body;
  const { answer: way = 'internal-error' } = fault;
  switch (way) {
    case 'silent':
      return { ...answer, body: { ...body, results } };
    case 'count-only':
      return { status: 207, body: { ...rest, results, numErrors: told.length + gone.length } };
    case 'internal-error':
    case 'nameless-error': {
      const named = way === 'internal-error';
      const links = body.results.some((each) => each.from !== undefined);
      const failed = links
        ? gone.map((id) => internalError(named ? { fromObjectId: [id] } : undefined))
        : [internalError(named ? { ids: gone } : undefined)];
      const errors = [...told, ...failed];
      return { status: 207, body: { ...rest, results, numErrors: errors.length, errors } };
    }
    default:
      return way satisfies never;
  }
}

const everySecond = (ids: readonly string[]): readonly string[] => (ids.length === 1 ? ids : ids.filter((_, index) => index % 2 === 1));

const internalError = (context: BatchError['context']): BatchError => ({
  status: 'error',
  category: 'INTERNAL_ERROR',
  message: 'internal error',
  ...(context && { context }),
});

const isBatch = (body: unknown): body is BatchBody => typeof body === 'object' && body !== null && 'results' in body && Array.isArray(body.results);
