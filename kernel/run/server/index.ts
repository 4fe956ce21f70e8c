export { connectToServer } from './connect.js';
