export { byAge } from './age.js';
export type { Catalog } from './catalog/catalog.js';
export { openCatalog } from './catalog/stored-catalog.js';
export { compareLinks, compareObjects, type CompareOptions } from './compare.js';
export { comparable, unknownKeys, watchedIn, type NotCompared, type Scope } from './scope.js';
export { createSnapshot } from './create/create.js';
export type { CreateSnapshotDeps } from './create/session.js';
export { csvLine, exportCsv, type ExportCsvOptions } from './export-csv.js';
export { openSnapshot } from './container/open.js';
export {
  type CsvForm,
  type ExaminedFile,
  ENCODINGS,
  type Encoding,
  type ImportRequest,
  problemWords,
  requireUsable,
  type RowProblem,
} from './import/examined.js';
export { findKeys } from './forget/find-keys.js';
export { digestOfKey, forgottenIn, isKnownAs, type RecordName } from './forget/forgotten.js';
export { fileToImport } from './import/files.js';
export { snapshotOfValues, type ValuesToTake } from './import/values.js';
export { numberInCell, type SheetForm, sheetRows, type SheetRow } from './import/sheet.js';
export { schemaToImport } from './import/schemas.js';
export { type ExaminedSchema, type ExaminedTable, requireUsableTables, type SchemaRequest } from './import/tables.js';
export { importedOf } from './imported.js';
export { unrecorded } from './records.js';
export { isLastVerified } from './references.js';
export { gapsOf, NOTES_KIND, type SnapshotNotes, suspicionOf } from './summary.js';
export { keepRestoreTest, proofOf, type RestoreDifference, type RestoreProof, type RestoreTest, type SetApart } from './restore-tests.js';
export * from './types.js';
export { type Decryption, decryptionWith, type Encryption, encryptionFor, newKeyPair } from './encryption/age.js';
export { type SnapshotCopy, openCopy } from './copies/copy.js';
export { carried, lockIn, storeOfCopy } from './copies/copy-store.js';
export { type Fetched, fetchSnapshot } from './copies/fetch.js';
export { type SnapshotsAt, transfer } from './copies/transfer.js';
export { folderStorage } from './storage/folder.js';
export { S3Client, type S3Credentials } from './storage/s3/client.js';
export { s3Storage } from './storage/s3/s3.js';
export type { SnapshotStorage } from './storage/storage.js';
export { RECONCILED, reconciledBy, repairedBy, viewedBy } from './reconciled.js';
