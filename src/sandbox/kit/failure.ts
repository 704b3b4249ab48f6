/**
 * An answer that is an error in the vendor's own words; thrown by handlers, turned into HTTP where it arrives. Vendors
 * give it what they put into a body.
 */
export class Failure<Body = unknown> extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: Body,
    /** What stands before the API answers with pages and plain text. */
    readonly form: 'json' | 'html' | 'text' = 'json',
  ) {
    super(message);
    this.name = 'Failure';
  }
}
