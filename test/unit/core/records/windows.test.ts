import { testFamily } from './generic.js';

testFamily('windows');
