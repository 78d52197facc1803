/** Decisions in the words of people, and as records for programs. */
export { decisionRecord } from './decision-record.ts';
export type { CandidateRecord, DecisionRecord, HeatRecord, SamplesRecord, WishesRecord } from './decision-record.ts';
export { explain } from './explain.ts';
export { soundHeat } from './sound-heat.ts';
export { rfc3339 } from './words.ts';
