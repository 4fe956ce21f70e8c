export { createLanguageService, type ServiceOptions } from './service.js';
export type * from './contract.js';
