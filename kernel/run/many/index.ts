export { inputsOf, type Inputs } from './inputs.js';
export {
  commonExitCode,
  exitCodeOf,
  messageOf,
  runMany,
  type ManyOutcome,
  type ManyOptions,
} from './run-many.js';
