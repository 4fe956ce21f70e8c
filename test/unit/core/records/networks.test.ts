import { testFamily } from './generic.js';

testFamily('networks');
