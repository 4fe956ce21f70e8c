/** Products of float32 matrices in Nabla. */
export function matmulWork({ fromTypedArray }, { a, b }) {
  const [x, y] = [a, b].map(({ data, shape }) => fromTypedArray(data).reshape(shape));
  let z = x.matmul(y);
  return {
    check: z.tolist().flat().slice(0, 64),
    run(steps) {
      for (let i = 0; i < steps; i++) z = x.matmul(y);
    },
  };
}
