import { describe, expect, test } from 'vitest';
import { nn, tensor, type Tensor } from '../../../core/index.js';

function layer(): nn.Linear {
  const linear = new nn.Linear(2, 1);
  nn.init.constant_(linear.weight, 3);
  nn.init.zeros_(linear.bias ?? tensor([0]));
  return linear;
}

describe('hooks', () => {
  test('see and replace inputs and outputs until they are removed', () => {
    const linear = layer();
    const seen: unknown[] = [];
    const before = linear.registerForwardPreHook((module, inputs) => {
      seen.push(module === linear);
      return [(inputs[0] as Tensor).mul(2)];
    });
    const after = linear.registerForwardHook((_module, _inputs, output) => (output as Tensor).add(1));
    const x = tensor([[1, 1]]);
    expect(linear(x).tolist()).toEqual([[13]]);
    expect(linear.forward(x).tolist()).toEqual([[6]]);
    before.remove();
    expect(linear(x).tolist()).toEqual([[7]]);
    after.remove();
    expect(linear(x).tolist()).toEqual([[6]]);
    expect(seen).toEqual([true]);
  });

  test('see the gradients by outputs and inputs and may replace the latter', () => {
    const linear = layer();
    const seen: unknown[] = [];
    linear.registerFullBackwardHook((_module, gradInputs, gradOutputs) => {
      seen.push(
        gradInputs.map((grad): unknown => grad?.tolist()),
        gradOutputs.map((grad): unknown => grad?.tolist()),
      );
      return gradInputs.map((grad) => grad?.mul(10) ?? null);
    });
    const x = tensor([[1, 2]], { requiresGrad: true });
    linear(x).mul(5).sum().backward();
    // d(5 w·x)/dx = 5 w, and the gradient by the layer's output is 5.
    expect(seen).toEqual([[[[15, 15]]], [[[5]]]]);
    expect(x.grad?.tolist()).toEqual([[150, 150]]);
    // The weight's gradient does not pass through the input.
    expect(linear.weight.grad?.tolist()).toEqual([[5, 10]]);
  });

  test('see all inputs of a module at once and may replace each gradient', () => {
    class Product extends nn.Module {
      forward(x: Tensor, factor: number, y: Tensor): Tensor {
        return x.mul(y).mul(factor);
      }
    }
    const product = new Product();
    const seen: unknown[] = [];
    product.registerFullBackwardHook((_module, gradInputs) => {
      seen.push(gradInputs.map((grad): unknown => grad?.tolist() ?? null));
      return gradInputs.map((grad, i) => grad?.mul(i + 1) ?? null);
    });
    const [x, y] = [tensor([2], { requiresGrad: true }), tensor([3], { requiresGrad: true })];
    product(x, 10, y).sum().backward();
    expect(seen).toEqual([[[30], null, [20]]]);
    expect([x.grad?.item(), y.grad?.item()]).toEqual([30, 60]);
  });

  test('are called with the gradients by outputs where no input needs any', () => {
    const linear = layer();
    const seen: unknown[] = [];
    linear.registerFullBackwardHook((_module, gradInputs, gradOutputs) => {
      seen.push(
        gradInputs,
        gradOutputs.map((grad): unknown => grad?.tolist()),
      );
      return undefined;
    });
    linear(tensor([[1, 2]]))
      .sum()
      .backward();
    expect(seen).toEqual([[null], [[[1]]]]);
  });
});
