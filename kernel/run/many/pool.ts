/** Work for a fixed number of hands: results come in the order of the tasks. */
export async function pooled<T, R>(
  tasks: readonly T[],
  hands: number,
  work: (task: T, index: number, hand: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const hand = async (which: number): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++)
      results[index] = await work(tasks[index], index, which);
  };
  await Promise.all(Array.from({ length: Math.min(hands, tasks.length) }, (_, which) => hand(which)));
  return results;
}
