import { Failure } from '../kit/failure.js';

/** What is wrong with one field. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A problem document (RFC 7807) as Mailchimp writes it; `instance` is added where it is answered. */
export interface Problem {
  /** Some kinds of late have none. */
  readonly type?: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** An answer that is an error in Mailchimp's own words. */
export class ApiFailure extends Failure<Problem> {
  constructor(problem: Problem, form: Failure['form'] = 'json') {
    super(problem.status, problem.detail, problem, form);
    this.name = 'ApiFailure';
  }
}

const TYPE = 'https://mailchimp.com/developer/marketing/docs/errors/';
const problem = (status: number, title: string, detail: string, errors?: readonly FieldError[]): ApiFailure =>
  new ApiFailure({ type: TYPE, title, status, detail, ...(errors && { errors }) });
/** Kinds that were recorded without a `type` from 2023 on. */
const untyped = (title: string, detail: string): ApiFailure => new ApiFailure({ title, status: 400, detail });

/** What stands before the API answers with a page, or with nothing at all. */
export const page = (status: number, html: string): ApiFailure =>
  new ApiFailure({ title: 'Page', status, detail: html }, html === '' ? 'text' : 'html');

export const notFound = (): ApiFailure => problem(404, 'Resource Not Found', 'The requested resource could not be found.');
export const noMethod = (
  detail = "The requested method and resource are not compatible. See the Allow header for this resource's available methods.",
): ApiFailure => problem(405, 'Method Not Allowed', detail);
export const invalid = (detail: string): ApiFailure => problem(400, 'Invalid Resource', detail);
export const badRequest = (detail: string): ApiFailure => problem(400, 'Bad Request', detail);
/** Fields that are not as the schema wants them. */
export const invalidFields = (errors: readonly FieldError[]): ApiFailure =>
  problem(400, 'Invalid Resource', "The resource submitted could not be validated. For field-specific details, see the 'errors' array.", errors);
export const invalidMergeFields = (errors: readonly FieldError[]): ApiFailure =>
  problem(400, 'Invalid Resource', 'Your merge fields were invalid.', errors);
export const notJson = (): ApiFailure => problem(400, 'JSON Parse Error', 'We encountered an unspecified JSON parsing error.');
export const keyInvalid = (): ApiFailure =>
  problem(401, 'API Key Invalid', "Your API key may be invalid, or you've attempted to access the wrong datacenter.");
export const keyMissing = (): ApiFailure => problem(401, 'API Key Missing', 'Your request did not include an API key.');
export const wrongDatacenter = (): ApiFailure => problem(403, 'Wrong Datacenter', 'The API key provided is linked to a different data center.');
export const forbidden = (): ApiFailure => problem(403, 'Forbidden', 'You are not permitted to access this resource.');
export const tooMany = (): ApiFailure => problem(429, 'Too Many Requests', 'You have exceeded the limit of 10 simultaneous connections.');
export const trouble = (status: number): ApiFailure =>
  problem(
    status,
    status === 503 ? 'Service Unavailable' : 'Internal Server Error',
    'An unexpected internal error has occurred. Please contact Support for more information.',
  );

export const memberExists = (email: string): ApiFailure =>
  untyped('Member Exists', `${email} is already a list member. Use PUT to insert or update list members.`);
export const inComplianceState = (email: string): ApiFailure =>
  untyped(
    'Member In Compliance State',
    `${email} is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed.`,
  );
export const forgotten = (email: string): ApiFailure =>
  untyped(
    'Forgotten Email Not Subscribed',
    `${email} was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list.`,
  );
export const cannotArchive = (): ApiFailure =>
  noMethod('This list member cannot be removed. Can not archive a contact that is bounced, pending or archived');
export const tooManySignups = (email: string): ApiFailure =>
  invalid(`${email} has signed up to a lot of lists very recently; we're not allowing more signups for now`);
