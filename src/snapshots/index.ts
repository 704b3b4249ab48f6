export { openCatalog, type Catalog } from './catalog.js';
export { compareLinks, compareObjects, type CompareOptions } from './compare.js';
export { createSnapshot, type CreateSnapshotDeps } from './create.js';
export { exportCsv, type ExportCsvOptions } from './export-csv.js';
export { openSnapshot } from './open.js';
export * from './types.js';
