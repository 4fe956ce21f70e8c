export type { EventKind, GroupBy, ProfileEvent, ProfileRow } from './events.js';
export { type MachineLimits, machineLimits } from './machine.js';
export { Profile, profile, profileAny, type ProfileOptions, type ProfileTotal } from './profile.js';
export { cellsOf, COLUMNS, sentencesOf, timeText } from './table.js';
