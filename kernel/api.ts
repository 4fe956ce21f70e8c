/**
 * What `import { … } from 'nabla'` gives, in scripts and in cells: the core, and what shows it. In a cell the same
 * names are there without an import.
 */
export * from '../core/index.js';
export * from './plots/index.js';
import './plots/tensors/index.js';
export { record, type Recordable } from './display/record.js';
export {
  clearOutput,
  Comm,
  comms,
  display,
  DisplayHandle,
  html,
  input,
  inputSync,
  latex,
  md,
  page,
  progress,
  Progress,
  type ProgressOptions,
  RichText,
  setNextInput,
  svg,
  updateDisplay,
} from './display/index.js';
export { Slider, slider, type SliderOptions, Widget, widget, type WidgetOptions } from './widgets/index.js';
