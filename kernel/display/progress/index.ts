export { progress, Progress, type ProgressOptions } from './progress.js';
