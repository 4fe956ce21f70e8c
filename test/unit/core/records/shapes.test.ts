import { testFamily } from './generic.js';

testFamily('shapes');
