/**
 * The code of pooling. Windows in the middle of a row are looked at several at a time, a vector for each of their places;
 * those at its ends, which lack some places, one by one.
 */
import {
  i32,
  i32x4,
  i8x16,
  ModuleBuilder,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
  v128,
} from '../assembler/index.js';
import type { FloatLanes } from './lanes.js';

/** Where sizes are in a plan, in words of 4 bytes; what ends in `Bytes` is in bytes, tables are offsets from the plan. */
export const PoolWord = {
  depth: 0,
  height: 1,
  width: 2,
  /** Of the first window with all places in its row, and the first behind them. */
  wholeFrom: 3,
  wholeTo: 4,
  /** Distance of windows of a row, and how many places those in the middle have. */
  strideBytes: 5,
  wholeLength: 6,
  /** Sizes of the input. */
  rowBytes: 7,
  sliceBytes: 8,
  planeBytes: 9,
  /** Distances of a window's places. */
  depthStep: 10,
  heightStep: 11,
  widthStep: 12,
  /** Per window along a dimension: where it begins, and how many places it has, two words each. */
  depthTable: 13,
  heightTable: 14,
  widthTable: 15,
  /** Per window along a dimension its divisor, a float. */
  depthDivisors: 16,
  heightDivisors: 17,
  widthDivisors: 18,
  /** Elements of a row and a slice. */
  rowSize: 19,
  sliceSize: 20,
  words: 21,
} as const;

type Name = Exclude<keyof typeof PoolWord, 'words'>;

export type PoolFunctions = Readonly<Record<'max' | 'mean' | 'spread' | 'take' | 'add', WasmFunction>>;

const SIGNATURE = { planes: 'i32', x: 'i32', out: 'i32', places: 'i32', plan: 'i32' } as const;

/** A window, or several side by side, as the code that goes over its places sees it. */
interface Window {
  readonly vector: boolean;
  /** Where its first place is in memory, and as a number in its plane. */
  readonly at: I32;
  readonly place: I32;
  /** Numbers of places over depth, height and width; not 0. */
  readonly depth: I32;
  readonly height: I32;
  readonly width: I32;
  /** What the sum is divided by, in as many lanes as there are windows. */
  readonly divisor: V128;
  /** By how many numbers neighbours' places differ, and by how many bytes. */
  readonly stride: I32;
  readonly strideBytes: I32;
}

interface Kind {
  /** What to do for a window, and for one without any place; afterwards the results' pointers are at the next one. */
  readonly window: (f: FunctionBuilder, w: Window, at: (name: Name) => Local<'i32'>) => void;
  readonly nothing: (divisor: V128) => void;
}

/** Goes over all windows of all planes. Kinds use and advance the pointers that they know. */
function eachWindow(
  f: FunctionBuilder,
  lanes: FloatLanes,
  planes: Local<'i32'>,
  plan: I32,
  x: Local<'i32'>,
  vectors: boolean,
  kind: Kind,
): void {
  const loaded = new Map<Name, Local<'i32'>>();
  for (const name of Object.keys(PoolWord)) {
    if (name === 'words') continue;
    const known = name as Name;
    loaded.set(known, f.let(i32.load(plan, 4 * PoolWord[known])));
  }
  const at = (name: Name): Local<'i32'> => loaded.get(name)!;
  const table = (name: Name): Local<'i32'> => f.let(i32.add(plan, at(name)));
  const tables = [table('depthTable'), table('heightTable'), table('widthTable')];
  const divisorTables = [table('depthDivisors'), table('heightDivisors'), table('widthDivisors')];
  const [z, y, left, column] = Array.from({ length: 4 }, () => f.local('i32'));
  const stride = f.let(i32.divU(at('strideBytes'), lanes.bytes));
  const [slice, row, firstInSlice, firstInRow] = Array.from({ length: 4 }, () => f.local('i32'));
  const pointers = Array.from({ length: 3 }, () => f.local('i32'));
  const divisorAt = Array.from({ length: 3 }, () => f.local('i32'));
  const [depthDivisor, rowDivisor] = [f.local('v128'), f.local('v128')];
  const [depth, height] = [f.local('i32'), f.local('i32')];
  const { ops } = lanes;

  const one = (): void => {
    f.scope(() => {
      const width = f.let(i32.load(pointers[2], 4));
      const start = f.let(i32.load(pointers[2]));
      f.if(
        i32.and(i32.and(i32.gtS(depth, 0), i32.gtS(height, 0)), i32.gtS(width, 0)),
        () =>
          kind.window(
            f,
            {
              vector: false,
              at: f.let(i32.add(row, i32.mul(start, lanes.bytes))),
              place: f.let(i32.add(firstInRow, start)),
              ...{ depth, height, width, stride, strideBytes: at('strideBytes') },
              divisor: f.let(ops.mul(rowDivisor, lanes.loadSplat(divisorAt[2]))),
            },
            at,
          ),
        () => kind.nothing(ops.mul(rowDivisor, lanes.loadSplat(divisorAt[2]))),
      );
    });
    f.advance(pointers[2], 8);
    f.advance(divisorAt[2], lanes.bytes);
    f.advance(column, 1);
    f.advance(left, -1);
  };
  const several = (): void => {
    f.scope(() => {
      const start = f.let(i32.load(pointers[2]));
      kind.window(
        f,
        {
          vector: true,
          at: f.let(i32.add(row, i32.mul(start, lanes.bytes))),
          place: f.let(i32.add(firstInRow, start)),
          ...{ depth, height, width: at('wholeLength'), stride, strideBytes: at('strideBytes') },
          divisor: f.let(ops.mul(rowDivisor, v128.load(divisorAt[2]))),
        },
        at,
      );
    });
    f.advance(pointers[2], 8 * lanes.lanes);
    f.advance(divisorAt[2], 16);
    f.advance(column, lanes.lanes);
    f.advance(left, -lanes.lanes);
  };

  f.while(planes, () => {
    f.set(z, at('depth'));
    f.set(pointers[0], tables[0]);
    f.set(divisorAt[0], divisorTables[0]);
    f.while(z, () => {
      f.set(slice, i32.add(x, i32.mul(i32.load(pointers[0]), at('sliceBytes'))));
      f.set(firstInSlice, i32.mul(i32.load(pointers[0]), at('sliceSize')));
      f.set(depth, i32.load(pointers[0], 4));
      f.set(depthDivisor, lanes.loadSplat(divisorAt[0]));
      f.set(y, at('height'));
      f.set(pointers[1], tables[1]);
      f.set(divisorAt[1], divisorTables[1]);
      f.while(y, () => {
        f.set(row, i32.add(slice, i32.mul(i32.load(pointers[1]), at('rowBytes'))));
        f.set(firstInRow, i32.add(firstInSlice, i32.mul(i32.load(pointers[1]), at('rowSize'))));
        f.set(height, i32.load(pointers[1], 4));
        f.set(rowDivisor, ops.mul(depthDivisor, lanes.loadSplat(divisorAt[1])));
        f.set(left, at('width'));
        f.set(column, i32.const(0));
        f.set(pointers[2], tables[2]);
        f.set(divisorAt[2], divisorTables[2]);
        if (vectors) {
          f.while(i32.and(i32.ne(left, 0), i32.ltU(column, at('wholeFrom'))), one);
          f.if(i32.and(i32.gtS(depth, 0), i32.gtS(height, 0)), () => {
            f.while(i32.leU(i32.add(column, lanes.lanes), at('wholeTo')), several);
          });
        }
        f.while(left, one);
        f.advance(pointers[1], 8);
        f.advance(divisorAt[1], lanes.bytes);
        f.advance(y, -1);
      });
      f.advance(pointers[0], 8);
      f.advance(divisorAt[0], lanes.bytes);
      f.advance(z, -1);
    });
    f.advance(x, at('planeBytes'));
    f.advance(planes, -1);
  });
}

/** Goes over the rows of a window; `from` and, where asked for, `place` are at the first place of each. */
function eachRow(
  f: FunctionBuilder,
  w: Window,
  at: (name: Name) => Local<'i32'>,
  lanes: FloatLanes,
  numbered: boolean,
  body: (from: Local<'i32'>, place: Local<'i32'>) => void,
): void {
  const from = f.let(w.at);
  const place = f.let(w.place);
  const [depth, height] = [f.let(w.depth), f.let(w.height)];
  const [slice, row, inSlice, inRow] = [f.let(from), f.let(from), f.let(place), f.let(place)];
  const advance = (pointer: Local<'i32'>, number: Local<'i32'>, step: Name): void => {
    f.advance(pointer, at(step));
    if (numbered) f.advance(number, i32.divU(at(step), lanes.bytes));
  };
  f.doWhile(() => {
    f.set(row, slice);
    if (numbered) f.set(inRow, inSlice);
    f.set(height, w.height);
    f.doWhile(() => {
      f.set(from, row);
      if (numbered) f.set(place, inRow);
      f.scope(() => body(from, place));
      advance(row, inRow, 'heightStep');
      f.advance(height, -1);
    }, height);
    advance(slice, inSlice, 'depthStep');
    f.advance(depth, -1);
  }, depth);
}

/** Goes over the places of a window; `from` and, where asked for, `place` are at each in turn. */
function eachPlace(
  f: FunctionBuilder,
  w: Window,
  at: (name: Name) => Local<'i32'>,
  lanes: FloatLanes,
  numbered: boolean,
  body: (from: Local<'i32'>, place: Local<'i32'>) => void,
): void {
  eachRow(f, w, at, lanes, numbered, (from, place) => {
    const width = f.let(w.width);
    f.doWhile(() => {
      f.scope(() => body(from, place));
      f.advance(from, at('widthStep'));
      if (numbered) f.advance(place, i32.divU(at('widthStep'), lanes.bytes));
      f.advance(width, -1);
    }, width);
  });
}

/** Goes over the places of one window whose rows have no gaps, as vectors and what is left over. */
function eachRun(
  f: FunctionBuilder,
  w: Window,
  at: (name: Name) => Local<'i32'>,
  lanes: FloatLanes,
  body: (from: Local<'i32'>, whole: boolean) => void,
): void {
  eachRow(f, w, at, lanes, false, (from) => {
    const left = f.let(w.width);
    f.while(i32.geU(left, lanes.lanes), () => {
      f.scope(() => body(from, true));
      f.advance(from, 16);
      f.advance(left, -lanes.lanes);
    });
    f.while(left, () => {
      f.scope(() => body(from, false));
      f.advance(from, lanes.bytes);
      f.advance(left, -1);
    });
  });
}

/** The elements of neighbouring windows: one, or as many as a vector has lanes. */
function loadElements(f: FunctionBuilder, lanes: FloatLanes, w: Window, from: Local<'i32'>): Local<'v128'> {
  if (!w.vector) return f.let(lanes.loadFirst(from));
  const value = f.local('v128');
  f.if(
    i32.eq(w.stride, 1),
    () => f.set(value, v128.load(from)),
    () =>
      f.if(
        i32.eq(w.stride, 2),
        () => {
          const even = lanes.bytes === 4 ? [0, 2, 4, 6] : [0, 2];
          const pattern = even.flatMap((lane) =>
            Array.from({ length: lanes.bytes }, (_, byte) => lane * lanes.bytes + byte),
          );
          f.set(value, i8x16.shuffle(v128.load(from), v128.load(from, 16), pattern));
        },
        () => {
          const next = f.let(from);
          f.set(value, lanes.loadFirst(next));
          for (let lane = 1; lane < lanes.lanes; lane++) {
            f.advance(next, w.strideBytes);
            f.set(value, v128.loadLane(lanes.bytes, next, value, lane));
          }
        },
      ),
  );
  return value;
}

export function compilePooling(lanes: FloatLanes): PoolFunctions {
  const { ops } = lanes;
  const module = new ModuleBuilder();
  const single = lanes.bytes === 4;

  module.define('max', SIGNATURE, (f, p) => {
    const best = f.local('v128');
    const found = f.local('v128');
    const finish = (vector: boolean): void => {
      if (!vector) {
        f.storeLane(lanes.bytes, p.out, best);
        f.storeLane(4, p.places, found);
      } else {
        f.store(p.out, best);
        if (single) f.store(p.places, found);
        else
          f.storeLane(
            8,
            p.places,
            i8x16.shuffle(found, found, [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3]),
          );
      }
      f.advance(p.out, vector ? 16 : lanes.bytes);
      f.advance(p.places, vector ? 4 * lanes.lanes : 4);
    };
    eachWindow(f, lanes, p.planes, p.plan, p.x, true, {
      window: (_, w, at) => {
        const neighbours = w.vector
          ? f.let(i32x4.mul(i32x4.lanes(single ? [0, 1, 2, 3] : [0, 0, 1, 1]), i32x4.splat(w.stride)))
          : null;
        const numbers = (place: I32): V128 =>
          neighbours === null ? i32x4.splat(place) : i32x4.add(i32x4.splat(place), neighbours);
        f.set(best, ops.const(-Infinity));
        f.set(found, numbers(w.place));
        eachPlace(f, w, at, lanes, true, (from, place) => {
          const value = loadElements(f, lanes, w, from);
          // The first NaN is better than any number, and nothing is better than it.
          const better = f.let(v128.andNot(ops.eq(best, best), ops.le(value, best)));
          f.set(best, v128.select(value, best, better));
          f.set(found, v128.select(numbers(place), found, better));
        });
        finish(w.vector);
      },
      nothing: () => {
        f.set(best, ops.const(-Infinity));
        f.set(found, i32x4.const(-1));
        finish(false);
      },
    });
  });

  module.define('mean', SIGNATURE, (f, p) => {
    const total = f.local('v128');
    eachWindow(f, lanes, p.planes, p.plan, p.x, true, {
      window: (_, w, at) => {
        f.set(total, ops.const(0));
        if (w.vector) {
          eachPlace(f, w, at, lanes, false, (from) => {
            f.set(total, ops.add(total, loadElements(f, lanes, w, from)));
          });
          f.store(p.out, ops.div(total, w.divisor));
          f.advance(p.out, 16);
          return;
        }
        eachRun(f, w, at, lanes, (from, whole) => {
          f.set(total, ops.add(total, whole ? v128.load(from) : lanes.loadFirst(from)));
        });
        f.set(
          total,
          lanes.horizontal(ops.add, total, (half) => f.let(half)),
        );
        f.storeLane(lanes.bytes, p.out, ops.div(total, w.divisor));
        f.advance(p.out, lanes.bytes);
      },
      nothing: (divisor) => {
        f.storeLane(lanes.bytes, p.out, ops.div(ops.const(0), divisor));
        f.advance(p.out, lanes.bytes);
      },
    });
  });

  // `x` is what is added to, `out` the gradient that is read.
  module.define('spread', SIGNATURE, (f, p) => {
    const share = f.local('v128');
    eachWindow(f, lanes, p.planes, p.plan, p.x, false, {
      window: (_, w, at) => {
        f.set(share, ops.div(lanes.loadSplat(p.out), w.divisor));
        eachRun(f, w, at, lanes, (to, whole) => {
          if (whole) f.store(to, ops.add(v128.load(to), share));
          else f.storeLane(lanes.bytes, to, ops.add(lanes.loadFirst(to), share));
        });
        f.advance(p.out, lanes.bytes);
      },
      nothing: () => f.advance(p.out, lanes.bytes),
    });
  });

  const placed = {
    planes: 'i32',
    planeBytes: 'i32',
    count: 'i32',
    x: 'i32',
    places: 'i32',
    out: 'i32',
  } as const;
  const eachPlaced = (
    f: FunctionBuilder,
    p: Record<keyof typeof placed, Local<'i32'>>,
    isTake: boolean,
  ): void => {
    const left = f.local('i32');
    const place = f.local('i32');
    const [plane, list] = isTake ? [p.x, p.out] : [p.out, p.x];
    f.while(p.planes, () => {
      f.set(left, p.count);
      f.while(left, () => {
        f.set(place, i32.load(p.places));
        f.if(
          i32.ltS(place, 0),
          () => (isTake ? f.storeLane(lanes.bytes, list, ops.const(0)) : undefined),
          () => {
            f.set(place, i32.add(plane, i32.mul(place, lanes.bytes)));
            if (isTake) f.storeLane(lanes.bytes, list, lanes.loadFirst(place));
            else f.storeLane(lanes.bytes, place, ops.add(lanes.loadFirst(place), lanes.loadFirst(list)));
          },
        );
        f.advance(list, lanes.bytes);
        f.advance(p.places, 4);
        f.advance(left, -1);
      });
      f.advance(plane, p.planeBytes);
      f.advance(p.planes, -1);
    });
  };
  module.define('take', placed, (f, p) => eachPlaced(f, p, true));
  module.define('add', placed, (f, p) => eachPlaced(f, p, false));

  const { max, mean, spread, take, add } = module.compile();
  return { max, mean, spread, take, add };
}
