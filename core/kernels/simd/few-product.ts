/**
 * Products of few elements: matrices with any strides as they lie, without copying them into order, dividing them among
 * threads or choosing a tile.
 */
import type { FloatElement } from '../api.js';
import { i32, type I32, ModuleBuilder, v128, type V128 } from '../assembler/index.js';
import { hasSimd } from '../features.js';
import { unrecorded } from '../recording.js';
import { multiplyElements } from '../reference/few-product.js';
import { elementBytes } from '../views.js';
import { hasFusedMultiplyAdd, withRelaxedSimd } from '../tuning/fused.js';
import { dotProducts } from './gemm-code.js';
import { FEW_ROWS } from './gemm.js';
import { floatLanes, type FloatLanes } from './lanes.js';

/**
 * out[m, n], in order, = x[m, k] y[k, n] + added. Addresses and strides are in bytes; `added` is the address of a row that is
 * repeated, 0 where there is none.
 */
export type FewProduct = (
  out: number,
  m: number,
  k: number,
  n: number,
  x: number,
  xRow: number,
  xColumn: number,
  y: number,
  yRow: number,
  yColumn: number,
  added: number,
) => void;

const PARAMETERS = {
  out: 'i32',
  m: 'i32',
  k: 'i32',
  n: 'i32',
  x: 'i32',
  xRow: 'i32',
  xColumn: 'i32',
  y: 'i32',
  yRow: 'i32',
  yColumn: 'i32',
  added: 'i32',
} as const;

interface FewProducts {
  /** Sums from the first to the last. */
  readonly inTurn: FewProduct;
  /** Rows and columns that lie in order: as many sums as a vector has lanes, which are then added. */
  readonly dots: FewProduct;
}

const compiled = new Map<FloatElement, FewProducts>();

/** The product of elements of a type, whose sums are added up from the first to the last. */
export function fewProductInTurn(element: FloatElement): FewProduct {
  return functionsOf(element).inTurn;
}

/** The product of elements of a type, whose sums are added up in the order that `gemm.ts` chooses. */
export function fewProduct(element: FloatElement): FewProduct {
  const bytes = elementBytes[element];
  const { inTurn, dots } = functionsOf(element);
  return (out, m, k, n, x, xRow, xColumn, y, yRow, yColumn, added) => {
    // A column is the transpose of a row.
    if (n === 1 && m > 1 && added === 0) {
      if (xColumn === bytes && yRow === bytes) dots(out, 1, k, m, y, 0, yRow, x, xColumn, xRow, 0);
      else inTurn(out, 1, k, m, y, 0, yRow, x, xColumn, xRow, 0);
    } else if (m <= FEW_ROWS && yRow === bytes && xColumn === bytes && (yColumn !== bytes || n === 1))
      dots(out, m, k, n, x, xRow, xColumn, y, yRow, yColumn, added);
    else inTurn(out, m, k, n, x, xRow, xColumn, y, yRow, yColumn, added);
  };
}

/** They are compiled when somebody asks first. */
function functionsOf(element: FloatElement): FewProducts {
  let own = compiled.get(element);
  if (own === undefined) {
    const plain = multiplyElements(element);
    own = hasSimd() ? unrecorded(() => compile(element)) : { inTurn: plain, dots: plain };
    compiled.set(element, own);
  }
  return own;
}

function compile(element: FloatElement): FewProducts {
  const lanes = floatLanes[element];
  const isFused = hasFusedMultiplyAdd();
  const module = new ModuleBuilder();
  module.define('inTurn', PARAMETERS, (f, p) => {
    const [column, added, to] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const [from, other, left, count] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const total = f.local('v128');
    /** As many columns as a vector has lanes, or the first of them. */
    const columns = (wide: boolean): void => {
      const load = (address: I32): V128 => (wide ? v128.load(address) : lanes.loadFirst(address));
      f.set(total, lanes.ops.const(0));
      f.set(from, p.x);
      f.set(other, column);
      f.set(left, p.k);
      f.doWhile(() => {
        f.set(total, plusProduct(lanes, isFused, lanes.loadSplat(from), load(other), total));
        f.advance(from, p.xColumn);
        f.advance(other, p.yRow);
        f.advance(left, -1);
      }, left);
      f.if(p.added, () => f.set(total, lanes.ops.add(total, load(added))));
      if (wide) f.store(to, total);
      else f.storeLane(lanes.bytes, to, total);
      const step = wide ? lanes.lanes : 1;
      f.advance(to, step * lanes.bytes);
      f.advance(added, step * lanes.bytes);
      f.advance(count, -step);
    };
    f.set(to, p.out);
    f.while(p.m, () => {
      f.set(column, p.y);
      f.set(added, p.added);
      f.set(count, p.n);
      f.if(i32.eq(p.yColumn, lanes.bytes), () =>
        f.while(i32.geU(count, lanes.lanes), () => {
          columns(true);
          f.advance(column, 16);
        }),
      );
      f.while(count, () => {
        columns(false);
        f.advance(column, p.yColumn);
      });
      f.advance(p.x, p.xRow);
      f.advance(p.m, -1);
    });
  });
  module.define('dots', PARAMETERS, (f, p) => {
    const [column, to, count] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const factors = { k: p.k, bColumn: p.yColumn, accumulate: p.added };
    f.set(to, p.out);
    f.while(p.m, () => {
      f.if(p.added, () => f.copyBytes(to, p.added, i32.mul(p.n, lanes.bytes)));
      f.set(column, p.y);
      f.set(count, p.n);
      f.while(count, () => {
        f.scope(() => dotProducts(f, lanes, isFused, 1, p.x, column, to, factors));
        f.advance(column, p.yColumn);
        f.advance(to, lanes.bytes);
        f.advance(count, -1);
      });
      f.advance(p.x, p.xRow);
      f.advance(p.m, -1);
    });
  });
  const { inTurn, dots } = isFused ? withRelaxedSimd(() => module.compile()) : module.compile();
  return { inTurn, dots };
}

function plusProduct({ ops }: FloatLanes, isFused: boolean, a: V128, b: V128, sum: V128): V128 {
  return isFused ? ops.relaxedMadd(a, b, sum) : ops.add(sum, ops.mul(a, b));
}
