export { declaredParameters, type DeclaredParameter } from './declared.js';
export { readParametersFile, splitParameter } from './file.js';
export { injectParameters, parametersOf } from './inject.js';
export { parametersTable } from './inspect.js';
export { checkParameters, type GivenParameters } from './values.js';
