export { Kernel, type KernelOptions } from './kernel.js';
