/**
 * Uses the library that was just built as scripts do at first, in a process of its own, so that it leaves the bytecode
 * of what they run (`kernel/boot/library.ts`).
 */
const { nn, optim, randn, randint, tensor } = await import('../../dist/core/index.js');

const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
const lossOf = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters());
for (let i = 0; i < 2; i++) {
  optimizer.zeroGrad();
  const loss = lossOf(model(randn([5, 4])), randint(0, 3, [5]));
  loss.backward();
  optimizer.step();
  loss.item();
}
String(tensor([[1, 2]]).matmul(tensor([[3], [4]])));
