export { DebugAdapter } from './adapter.js';
export type { DebugEvent } from './dap.js';
