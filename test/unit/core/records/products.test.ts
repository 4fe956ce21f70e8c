import { testFamily } from './generic.js';

testFamily('products');
