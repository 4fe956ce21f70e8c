import { testFamily } from './generic.js';

testFamily('losses');
