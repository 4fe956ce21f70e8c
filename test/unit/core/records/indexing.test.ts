import { testFamily } from './generic.js';

testFamily('indexing');
