export { fieldSamples } from './field-samples.js';
export { aroundLength } from './lengths.js';
export { ADDRESSES, DAYS, MOMENTS, NUMBERS, PHONES, TEXTS } from './pools.js';
export type { Sample, SampleRefusal } from './sample.js';
