/**
 * A good matrix product in plain JavaScript: B packed into strips of 4 columns, 4 x 4 sums in local variables, blocks
 * of the depth that stay in the cache. What one writes before reaching for anything else.
 */
const DEPTH = 256;

export function plainMatmul(a, b, c, m, n, k) {
  c.fill(0);
  const strip = new Float32Array(DEPTH * 4);
  for (let q = 0; q < k; q += DEPTH) {
    const depth = Math.min(DEPTH, k - q);
    for (let j = 0; j + 4 <= n; j += 4) {
      for (let p = 0; p < depth; p++) {
        const from = (q + p) * n + j;
        strip[4 * p] = b[from];
        strip[4 * p + 1] = b[from + 1];
        strip[4 * p + 2] = b[from + 2];
        strip[4 * p + 3] = b[from + 3];
      }
      let i = 0;
      for (; i + 4 <= m; i += 4) {
        let c00 = 0,
          c01 = 0,
          c02 = 0,
          c03 = 0;
        let c10 = 0,
          c11 = 0,
          c12 = 0,
          c13 = 0;
        let c20 = 0,
          c21 = 0,
          c22 = 0,
          c23 = 0;
        let c30 = 0,
          c31 = 0,
          c32 = 0,
          c33 = 0;
        let r0 = i * k + q;
        let r1 = r0 + k;
        let r2 = r1 + k;
        let r3 = r2 + k;
        for (let p = 0; p < 4 * depth; p += 4) {
          const b0 = strip[p],
            b1 = strip[p + 1],
            b2 = strip[p + 2],
            b3 = strip[p + 3];
          const a0 = a[r0++],
            a1 = a[r1++],
            a2 = a[r2++],
            a3 = a[r3++];
          c00 += a0 * b0;
          c01 += a0 * b1;
          c02 += a0 * b2;
          c03 += a0 * b3;
          c10 += a1 * b0;
          c11 += a1 * b1;
          c12 += a1 * b2;
          c13 += a1 * b3;
          c20 += a2 * b0;
          c21 += a2 * b1;
          c22 += a2 * b2;
          c23 += a2 * b3;
          c30 += a3 * b0;
          c31 += a3 * b1;
          c32 += a3 * b2;
          c33 += a3 * b3;
        }
        let o = i * n + j;
        c[o] += c00;
        c[o + 1] += c01;
        c[o + 2] += c02;
        c[o + 3] += c03;
        o += n;
        c[o] += c10;
        c[o + 1] += c11;
        c[o + 2] += c12;
        c[o + 3] += c13;
        o += n;
        c[o] += c20;
        c[o + 1] += c21;
        c[o + 2] += c22;
        c[o + 3] += c23;
        o += n;
        c[o] += c30;
        c[o + 1] += c31;
        c[o + 2] += c32;
        c[o + 3] += c33;
      }
      for (; i < m; i++) addRow(a, b, c, i, j, j + 4, n, k, q, depth);
    }
    for (let i = 0; i < m; i++) addRow(a, b, c, i, n - (n % 4), n, n, k, q, depth);
  }
}

function addRow(a, b, c, i, from, to, n, k, q, depth) {
  for (let j = from; j < to; j++) {
    let sum = 0;
    for (let p = 0; p < depth; p++) sum += a[i * k + q + p] * b[(q + p) * n + j];
    c[i * n + j] += sum;
  }
}
