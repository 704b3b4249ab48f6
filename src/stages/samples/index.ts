export { fillWith, type Filled } from './fill.js';
export { sampleRecords, type SampleRecord, type SampleWish, whyNone } from './records.js';
export { shapeOf } from './shape.js';
