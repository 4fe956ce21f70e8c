/** Text as numbers. */
export { BlockDataset } from './blocks.js';
export { BytePairTokenizer, type EncodeOptions, type TrainBpeOptions } from './bpe.js';
export { loadGpt2, loadTokenizer, saveGpt2, saveTokenizer, tokenizerFromJSON } from './files.js';
export {
  CharTokenizer,
  type Tokenizer,
  type TokenizerJSON,
  type WordOptions,
  WordTokenizer,
} from './tokenizer.js';
export { buildVocab, type BuildVocabOptions, Vocab, type VocabOptions } from './vocab.js';
