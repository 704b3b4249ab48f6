import { clearFlag } from './consent/clear-flag.js';
import { optIn } from './consent/opt-in.js';
import type { Fault } from './fault.js';
import { cutLinks } from './links/cut-links.js';
import { emptyList } from './links/empty-list.js';
import { misdirectLinks } from './links/misdirect-links.js';
import { deleteRecords } from './records/delete-records.js';
import { duplicateRecords } from './records/duplicate-records.js';
import { mergeRecords } from './records/merge-records.js';
import { recreateRecords } from './records/recreate-records.js';
import { truncate } from './text/truncate.js';
import { wrongDecoding } from './text/wrong-decoding.js';
import { changeCase } from './values/change-case.js';
import { emptyValues } from './values/empty-values.js';
import { exchangeDayMonth } from './values/exchange-day-month.js';
import { inPasses } from './values/in-passes.js';
import { moveBack } from './values/move-back.js';
import { moveOver } from './values/move-over.js';
import { multiply } from './values/multiply.js';
import { overwrite } from './values/overwrite.js';
import { placeholder } from './values/placeholder.js';
import { reassignOwner } from './values/reassign-owner.js';
import { remapOption } from './values/remap-option.js';
import { removeOption } from './values/remove-option.js';
import { shiftDates } from './values/shift-dates.js';
import { shiftRows } from './values/shift-rows.js';
import { swapFields } from './values/swap-fields.js';

/** Every fault of the data, by the name that drills use. */
export const FAULTS = [
  clearFlag,
  optIn,
  cutLinks,
  emptyList,
  misdirectLinks,
  deleteRecords,
  duplicateRecords,
  mergeRecords,
  recreateRecords,
  truncate,
  wrongDecoding,
  changeCase,
  emptyValues,
  exchangeDayMonth,
  inPasses,
  moveBack,
  moveOver,
  multiply,
  overwrite,
  placeholder,
  reassignOwner,
  remapOption,
  removeOption,
  shiftDates,
  shiftRows,
  swapFields,
] as unknown as readonly Fault[];
