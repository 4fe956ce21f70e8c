/** What a peer runs for a case: functions to time, on inputs of its own library. */

/** tfjs on the backend that its process has chosen. */
export function tensorFlowWork(tf, entry, inputs, gradient) {
  const dtypes = { float32: 'float32', int32: 'int32', int64: 'int32', uint8: 'int32', bool: 'bool' };
  const put = ({ data, shape, dtype }) => {
    const kind = dtypes[dtype];
    return tf.tensor(kind === 'int32' ? Int32Array.from(data) : data, shape, kind);
  };
  const tensors = inputs.map(put);
  const g = gradient === undefined ? undefined : put(gradient);
  let made = [];
  const free = () => {
    for (const x of made) x.dispose();
    made = [];
  };
  const forward = (...operands) => entry.tf(tf, ...operands);
  const others = (wrt) => {
    const operands = tensors.slice();
    entry.wrt.forEach((i, k) => (operands[i] = wrt[k]));
    return forward(...operands);
  };
  const wrt = g === undefined ? [] : entry.wrt.map((i) => tensors[i]);
  return {
    run() {
      free();
      if (g === undefined) made = [tf.tidy(() => forward(...tensors))];
      else {
        // The gradient has the shape of the result, which for convolutions tfjs lays out differently.
        const by = tf.grads((...operands) => {
          const y = others(operands);
          return sameShape(y.shape, g.shape) ? y : tf.reshape(y, g.shape);
        });
        made = tf.tidy(() => by(wrt, g));
      }
    },
    dispose() {
      free();
      for (const x of [...tensors, ...(g === undefined ? [] : [g])]) x.dispose();
    },
  };
}

function sameShape(a, b) {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** jax-js takes over what it is given: each use needs a reference of its own. */
export function jaxWork(jax, entry, inputs, gradient) {
  const { numpy } = jax;
  const put = ({ data, shape, dtype }) =>
    numpy.array(
      dtype === 'bool' ? Array.from(data, (x) => x !== 0) : dtype === 'int64' ? Int32Array.from(data) : data,
      {
        shape,
        dtype: dtype === 'bool' ? numpy.bool : dtype === 'int64' ? numpy.int32 : undefined,
      },
    );
  const tensors = inputs.map(put);
  const g = gradient === undefined ? undefined : put(gradient);
  return {
    asynchronous: true,
    async run() {
      if (g === undefined) {
        const y = entry.jax(jax, ...tensors.map((x) => x.ref));
        await y.blockUntilReady();
        y.dispose();
        return;
      }
      const [y, back] = jax.vjp(
        (...operands) => {
          const all = tensors.map((x, i) => (entry.wrt.includes(i) ? operands[entry.wrt.indexOf(i)] : x.ref));
          return entry.jax(jax, ...all);
        },
        entry.wrt.map((i) => tensors[i].ref),
      );
      const by = back(g.ref);
      await Promise.all([y, ...by].map((x) => x.blockUntilReady()));
      for (const x of [y, ...by]) x.dispose();
      back.dispose?.();
    },
    dispose() {
      for (const x of [...tensors, ...(g === undefined ? [] : [g])]) x.dispose();
    },
  };
}
