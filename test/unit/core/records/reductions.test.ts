import { testFamily } from './generic.js';

testFamily('reductions');
