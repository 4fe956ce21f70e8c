/** The system's BLAS: see README.md. */
export { doctorSurroundings } from './advantage.js';
export { createBlas } from './dispatch.js';
export { type BlasLine, blasReport } from './report.js';
