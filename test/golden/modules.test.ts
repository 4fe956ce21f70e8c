/** Modules' outputs, gradients and buffers against PyTorch's. */
import { moduleCases } from './modules/run.js';
import { goldenSuite } from './suite.js';

goldenSuite('modules', moduleCases);
