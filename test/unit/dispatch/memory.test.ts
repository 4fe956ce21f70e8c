/** What the kernel process keeps of each cell: what history_request answers, and no more. */
import v8 from 'node:v8';
import vm from 'node:vm';
import { expect, test } from 'vitest';
import { makeKernel } from './make-kernel.js';

test('thousands of small cells: the history grows, by less than half a kilobyte a cell, and nothing else', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const { session, transport } = await makeKernel();
  const runCells = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const id = transport.request('execute_request', { code: `const value = ${index}; value + 1` });
      const cell = await session.cell(0);
      cell.output({
        type: 'result',
        id: cell.id,
        count: cell.request.count,
        data: { 'text/plain': String(index + 1) },
        metadata: {},
      });
      cell.finish();
      await transport.reply(id);
      // The test's own ends remember everything.
      session.cells.length = 0;
      transport.sent.length = 0;
    }
  };
  const used = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  // As many as late outputs find their cell again.
  await runCells(4200);
  const before = used();
  await runCells(3000);
  expect(used() - before).toBeLessThan(3000 * 512);
  const history = transport.request('history_request', {
    hist_access_type: 'tail',
    n: 1,
    output: true,
    raw: true,
  });
  expect((await transport.reply(history)).content.history).toEqual([
    [1, 7200, ['const value = 2999; value + 1', '3000']],
  ]);
});
