export { offerLines, withOffers } from './document.js';
export { type Known, type Offer, offersFor, together } from './offers.js';
export { type Trouble, troubleOfDrift, troubleOfParity, troubleOfReconciliation, troubleOfTest } from './trouble.js';
