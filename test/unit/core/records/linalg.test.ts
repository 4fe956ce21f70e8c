import { testFamily } from './generic.js';

testFamily('linalg');
