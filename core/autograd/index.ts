export { backward, type BackwardOptions, grad, type GradOptions, type HookHandle } from './backward.js';
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from './mode.js';
export type { Hook, Node } from './node.js';
