export { directivesOf, isTypecheckMode, type TypecheckMode } from './directives.js';
export { lineMagic, cellMagic, MAGICS, magicTable, SHELL_HELP } from './catalog.js';
export { blankMagics, expandMagics, MAGICS_KEY, type Expansion } from './expand.js';
export { magicArgument, magicCompletions, magicHelp, magicHelpAt, type MagicEntry } from './introspect.js';
export { scanMagics, type Magic, type MagicProblem } from './scan.js';
