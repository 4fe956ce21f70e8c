/** Files that NumPy and safetensors wrote, and files that are wrong. */
import { ioCases } from './io/run.js';
import { goldenSuite } from './suite.js';

goldenSuite('io', ioCases);
