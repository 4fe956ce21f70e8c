/** The kernels as WebAssembly SIMD. */
import type { Kernels } from '../api.js';
import { attention, attentionGrad } from './attention.js';
import { reverseRows } from './reverse.js';
import { rowNorm, rowNormGrad } from './row-norms.js';
import { countWhole, searchSorted } from './searching.js';
import { sortRows } from './sorting.js';
import { tableRows, tableRowsGrad } from './tables.js';
import { compare, compareFunction, where, whereFlat } from './choice.js';
import { copy } from './convert.js';
import { classLoss, classLossGrad } from './classes.js';
import { conv, convInputGrad, convWeightGrad } from './convolution.js';
import { copyInto } from './copy.js';
import { binary, binaryFlat, binaryFunction, unary, unaryFlat, unaryFunction } from './elementwise.js';
import { fused } from './fused.js';
import { mapFormula, sumFormula } from './formula.js';
import { markRows, wholeQuotients } from './integers.js';
import { crossRows, putAlong, scanColumns, scanRows, shift, takeAlong, takeSame } from './lines.js';
import { logSums } from './log-sums.js';
import { matmul } from './gemm.js';
import { axpy, clipFactor, fill, sumSquares, update } from './optimizers.js';
import { padRows } from './padding.js';
import { compileProgram } from './program.js';
import { addWindows } from './image-columns.js';
import { addPlaces, maxPool, meanPool, meanPoolGrad, takePlaces } from './pooling.js';
import { argReduce, reduce, softmax, softmaxGrad } from './reduce.js';
import { hasZero } from './zeros.js';

export const simdKernels: Kernels = {
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
  program: compileProgram,
  fused,
  where,
  whereFlat,
  reduce,
  argReduce,
  softmax,
  softmaxGrad,
  matmul,
  classLoss,
  classLossGrad,
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
  fill,
  axpy,
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
