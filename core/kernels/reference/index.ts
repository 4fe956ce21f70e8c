/** The kernels in plain JavaScript: the oracle in tests, and the backend where WebAssembly SIMD is missing. */
import type { Kernels } from '../api.js';
import { attention, attentionGrad } from './attention.js';
import { rowNorm, rowNormGrad } from './row-norms.js';
import { countWhole, searchSorted } from './searching.js';
import { sortRows } from './sorting.js';
import { tableRows, tableRowsGrad } from './tables.js';
import { binary, binaryFlat, binaryFunction, compare, compareFunction, where, whereFlat } from './binary.js';
import { classLoss, classLossGrad } from './classes.js';
import { conv, convInputGrad, convWeightGrad } from './convolution.js';
import { copy, copyInto, fill } from './copy.js';
import { mapFormula, sumFormula } from './formula.js';
import { fused } from './fused.js';
import { hasZero, markRows, wholeQuotients } from './integers.js';
import {
  crossRows,
  logSums,
  padRows,
  putAlong,
  reverseRows,
  scanColumns,
  scanRows,
  shift,
  takeAlong,
  takeSame,
} from './lines.js';
import { matmul } from './matmul.js';
import { axpy, clipFactor, sumSquares, update } from './updates.js';
import { addWindows } from './image-columns.js';
import { addPlaces, maxPool, meanPool, meanPoolGrad, takePlaces } from './pooling.js';
import { argReduce, reduce, softmax, softmaxGrad } from './reduce.js';
import { unary, unaryFlat, unaryFunction } from './unary.js';

export const referenceKernels: Kernels = {
  fill,
  copy,
  copyInto,
  unary,
  unaryFlat,
  unaryFunction,
  binary,
  binaryFlat,
  binaryFunction,
  compare,
  compareFunction,
  program: () => null,
  fused,
  where,
  whereFlat,
  reduce,
  argReduce,
  softmax,
  softmaxGrad,
  matmul,
  mapFormula,
  sumFormula,
  hasZero,
  crossRows,
  putAlong,
  scanColumns,
  scanRows,
  shift,
  takeAlong,
  takeSame,
  logSums,
  padRows,
  reverseRows,
  markRows,
  wholeQuotients,
  axpy,
  classLoss,
  classLossGrad,
  conv,
  convInputGrad,
  convWeightGrad,
  maxPool,
  meanPool,
  meanPoolGrad,
  takePlaces,
  addPlaces,
  addWindows,
  attention,
  attentionGrad,
  searchSorted,
  countWhole,
  sortRows,
  tableRows,
  tableRowsGrad,
  update,
  clipFactor,
  sumSquares,
  rowNorm,
  rowNormGrad,
};
