export { createLanguageService, type CodeService, type ServiceOptions } from './service.js';
export type * from './contract.js';
