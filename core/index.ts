/** Nabla's core: tensors, automatic differentiation, networks and optimizers, without any notebook. */
export {};
