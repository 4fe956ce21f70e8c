/** Rows of tables by their numbers, which are read where they are used. */
import type { Ptr } from '../api.js';
import {
  callHost,
  f32x4,
  f64,
  i32,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type Local,
  type WasmFunction,
} from '../assembler/index.js';
import type { TableGeometry } from '../layers.js';
import { noRow } from '../reference/tables.js';
import { float32Lanes } from './lanes.js';
import { forEachVector } from './loops.js';
import { fill } from './optimizers.js';

interface Functions {
  readonly take: WasmFunction;
  readonly add: WasmFunction;
}

/** Per op, because its name is in the message for a number that is no row. */
const compiled = new Map<string, Functions>();

/** `list` is a row for each number, `table` a row for each that there is. */
const SIGNATURE = {
  count: 'i32',
  rows: 'i32',
  columns: 'i32',
  padding: 'i32',
  numbers: 'i32',
  list: 'i32',
  table: 'i32',
} as const;

type Locals = Readonly<Record<keyof typeof SIGNATURE, Local<'i32'>>>;

function eachRow(
  f: FunctionBuilder,
  p: Locals,
  refuse: FunctionHandle,
  body: (row: Local<'i32'>, isPadding: Local<'i32'>) => void,
): void {
  const row = f.local('i32');
  const isPadding = f.local('i32');
  const ignored = f.local('f64');
  const rowBytes = f.let(i32.mul(p.columns, 4));
  f.while(p.count, () => {
    const number = f64.load(p.numbers);
    f.set(row, i32.truncate(number));
    f.if(
      i32.and(f64.eq(f64.convert(row), number), i32.ltU(row, p.rows)),
      () => {
        f.set(isPadding, i32.eq(row, p.padding));
        f.set(row, i32.add(p.table, i32.mul(row, rowBytes)));
        body(row, isPadding);
      },
      () => f.set(ignored, callHost(refuse, number, f64.convert(p.rows))),
    );
    f.advance(p.numbers, 8);
    f.advance(p.list, rowBytes);
    f.advance(p.count, -1);
  });
}

function compileTables(name: string): Functions {
  const module = new ModuleBuilder();
  const refuse = module.import(
    'refuse',
    (number, rows) => {
      throw noRow(name, number, rows);
    },
    2,
  );
  module.define('take', SIGNATURE, (f, p) => {
    const to = f.local('i32');
    eachRow(f, p, refuse, (row, isPadding) => {
      f.set(to, p.list);
      f.if(
        isPadding,
        () => f.fillBytes(to, 0, i32.mul(p.columns, 4)),
        () =>
          forEachVector(f, float32Lanes, p.columns, [row, to], ({ store }) => {
            store(to, v128.load(row));
          }),
      );
    });
  });
  module.define('add', SIGNATURE, (f, p) => {
    const from = f.local('i32');
    eachRow(f, p, refuse, (row, isPadding) => {
      f.set(from, p.list);
      f.if(i32.eqz(isPadding), () =>
        forEachVector(f, float32Lanes, p.columns, [row, from], ({ store }) => {
          store(row, f32x4.add(v128.load(row), v128.load(from)));
        }),
      );
    });
  });
  const { take, add } = module.compile();
  return { take, add };
}

function functionsOf(name: string): Functions {
  let functions = compiled.get(name);
  if (functions === undefined) compiled.set(name, (functions = compileTables(name)));
  return functions;
}

export function tableRows(g: TableGeometry, numbers: Ptr, table: Ptr, out: Ptr): void {
  functionsOf(g.name).take(g.count, g.rows, g.columns, g.padding, numbers, out, table);
}

export function tableRowsGrad(g: TableGeometry, numbers: Ptr, values: Ptr, out: Ptr): void {
  fill('float32', out, g.rows * g.columns, 0);
  functionsOf(g.name).add(g.count, g.rows, g.columns, g.padding, numbers, values, out);
}
