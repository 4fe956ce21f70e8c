import { testFamily } from './generic.js';

testFamily('combined');
