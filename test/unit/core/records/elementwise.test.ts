import { testFamily } from './generic.js';

testFamily('elementwise');
