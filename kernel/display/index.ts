export { Comm, comms, type CommEvent, type CommOptions } from './comms.js';
export { clearOutput, display, DisplayHandle, updateDisplay, type DisplayOptions } from './display.js';
export { displayHost, setDisplayHost, type DisplayHost, type DisplayMessage } from './host.js';
export { input, inputSync, type InputOptions } from './input.js';
export type { MimeBundle, MimeMetadata } from './mime.js';
export { page, setNextInput } from './payload.js';
export { progress, Progress, type ProgressOptions } from './progress/index.js';
export { html, latex, md, RichText, svg } from './tags.js';
