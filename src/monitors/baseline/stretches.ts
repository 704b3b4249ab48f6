/** A time in which what was measured teaches nothing about what is ordinary. ISO 8601, UTC; without `to` it has not ended. */
export interface Departure {
  readonly from: string;
  readonly to?: string;
}
