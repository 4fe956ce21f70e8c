/** Numbers drawn after `manualSeed` against PyTorch's. */
import { randomCases } from './random/run.js';
import { goldenSuite } from './suite.js';

goldenSuite('random', randomCases);
