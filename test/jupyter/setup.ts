import { prepare } from './environment.js';

/** Runs once before all Jupyter tests. */
export default function setup(): void {
  prepare();
}
