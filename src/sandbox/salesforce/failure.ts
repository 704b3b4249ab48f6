import { Failure } from '../kit/failure.js';

/** One entry of an error body. */
export interface ErrorItem {
  readonly message: string;
  readonly errorCode: string;
  readonly fields?: readonly string[];
}

/** An answer that is an error in Salesforce's own words: a list, whatever it is about. */
export class ApiFailure extends Failure<readonly ErrorItem[]> {
  constructor(
    status: number,
    readonly errorCode: string,
    message: string,
    fields?: readonly string[],
    form: Failure['form'] = 'json',
  ) {
    super(status, message, [{ message, errorCode, ...(fields && { fields }) }], form);
    this.name = 'ApiFailure';
  }
}

/** What is wrong with a record that was to be written; a row of a batch tells it as `statusCode`. */
export const refused = (errorCode: string, message: string, fields: readonly string[] = []): ApiFailure =>
  new ApiFailure(400, errorCode, message, fields);

export const notFound = (): ApiFailure => new ApiFailure(404, 'NOT_FOUND', 'The requested resource does not exist');
export const entityIsDeleted = (status = 404): ApiFailure => new ApiFailure(status, 'ENTITY_IS_DELETED', 'entity is deleted', []);
/** A row names a record that never was, or that is gone from the recycle bin too. */
export const invalidCrossReference = (fields: readonly string[] = []): ApiFailure =>
  refused('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', fields);
export const sessionInvalid = (): ApiFailure => new ApiFailure(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
export const limitExceeded = (what = 'TotalRequests'): ApiFailure => new ApiFailure(403, 'REQUEST_LIMIT_EXCEEDED', `${what} Limit exceeded.`);
export const malformedQuery = (message: string): ApiFailure => new ApiFailure(400, 'MALFORMED_QUERY', message);
export const jsonParserError = (message: string): ApiFailure => new ApiFailure(400, 'JSON_PARSER_ERROR', message);
export const noSuchColumn = (field: string, object: string): ApiFailure =>
  new ApiFailure(400, 'INVALID_FIELD', `No such column '${field}' on sobject of type ${object}`);
