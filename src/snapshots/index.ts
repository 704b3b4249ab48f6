export { openCatalog, type Catalog } from './catalog.js';
export { compareLinks, compareObjects, type CompareOptions } from './compare.js';
export { comparable, unknownKeys, watchedIn, type NotCompared, type Scope } from './scope.js';
export { createSnapshot, type CreateSnapshotDeps } from './create.js';
export { csvLine, exportCsv, type ExportCsvOptions } from './export-csv.js';
export { openSnapshot } from './open.js';
export { unrecorded } from './records.js';
export { gapsOf } from './summary.js';
export * from './types.js';
