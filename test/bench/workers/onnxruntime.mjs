/** onnxruntime-node: a model of one product, which is written here byte by byte (onnx.proto of ONNX, opset 13). */
import { loadOnnxRuntime, versionOf } from './peers.mjs';
import { readArrays, serve } from './serve.mjs';

serve(async ({ threads, ...request }) => {
  const ort = loadOnnxRuntime();
  const { a, b } = readArrays(request);
  const session = await ort.InferenceSession.create(matmulModel(a.shape, b.shape), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  const [A, B] = [a, b].map(({ data, shape }) => new ort.Tensor('float32', data, shape));
  const { C } = await session.run({ A, B });
  return {
    check: Array.from(C.data).slice(0, 64),
    async run(steps) {
      for (let i = 0; i < steps; i++) await session.run({ A, B });
    },
    about: { onnxruntime: versionOf('onnxruntime-node'), threads },
  };
});

function matmulModel(a, b) {
  const type = (shape) =>
    message(
      1,
      concat(integer(1, 1), message(2, concat(...shape.map((size) => message(1, integer(1, size)))))),
    );
  const value = (name, shape) => concat(text(1, name), message(2, type(shape)));
  const node = concat(text(1, 'A'), text(1, 'B'), text(2, 'C'), text(4, 'MatMul'));
  const graph = concat(
    message(1, node),
    text(2, 'matmul'),
    message(11, value('A', a)),
    message(11, value('B', b)),
    message(12, value('C', [a[0], b[1]])),
  );
  return concat(integer(1, 8), message(7, graph), message(8, integer(2, 13)));
}

function concat(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

function integer(field, value) {
  return [...varint(field * 8), ...varint(value)];
}

function message(field, bytes) {
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
}

function text(field, value) {
  return message(field, Buffer.from(value));
}
