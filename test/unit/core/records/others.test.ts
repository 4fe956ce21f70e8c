import { testFamily } from './generic.js';

testFamily('others');
