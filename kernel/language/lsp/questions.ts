/** What an editor may ask of notebooks, and where the answer comes from. */

/** Asked at a place: the module that the place lies in answers. */
export const AT_A_PLACE = new Set([
  'textDocument/completion',
  'textDocument/hover',
  'textDocument/signatureHelp',
  'textDocument/definition',
  'textDocument/typeDefinition',
  'textDocument/implementation',
  'textDocument/references',
  'textDocument/documentHighlight',
  'textDocument/prepareRename',
  'textDocument/rename',
]);

/** Asked of a whole document: all of its modules answer. */
export const OF_A_DOCUMENT = new Set([
  'textDocument/documentSymbol',
  'textDocument/formatting',
  'textDocument/rangeFormatting',
]);

/** What {@link serve} says of itself. */
export const SERVER_CAPABILITIES = {
  // Whole texts: modules are made anew anyway.
  textDocumentSync: { openClose: true, change: 1 },
  notebookDocumentSync: {
    notebookSelector: [
      { notebook: 'jupyter-notebook', cells: [{ language: 'typescript' }] },
      { notebook: { pattern: '**/*.ipynb' }, cells: [{ language: 'typescript' }] },
    ],
  },
  completionProvider: { triggerCharacters: ['.', '"', "'", '`', '/', '@'], resolveProvider: true },
  hoverProvider: true,
  signatureHelpProvider: { triggerCharacters: ['(', ',', '<'] },
  definitionProvider: true,
  typeDefinitionProvider: true,
  implementationProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  documentSymbolProvider: true,
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  renameProvider: { prepareProvider: true },
  diagnosticProvider: { interFileDependencies: true, workspaceDiagnostics: false },
} as const;
