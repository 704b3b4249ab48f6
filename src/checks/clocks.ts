/** Clocks of two machines may differ by so much, in milliseconds: what is looked for since a time is looked for since so much earlier. */
export const CLOCK_MARGIN_MS = 300_000;
