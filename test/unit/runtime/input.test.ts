import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

describe('input', () => {
  it('gives the line that the frontend sends', async () => {
    book.answers = ['Ada', 'Lovelace ✓'];
    expect(await book.value('const first = await input("First? "); first + " " + inputSync("Last? ")')).toBe(
      "'Ada Lovelace ✓'",
    );
    expect(book.questions.slice(-2)).toMatchObject([
      { prompt: 'First? ', password: false },
      { prompt: 'Last? ', password: false },
    ]);
  });

  it('says when the answer must not be seen', async () => {
    book.answers = ['secret', 'hidden'];
    await book.run('await input("Key: ", { password: true }); inputSync("", { password: true })');
    expect(book.questions.slice(-2)).toMatchObject([{ password: true }, { password: true }]);
  });

  it('fails at once when the frontend cannot ask', async () => {
    for (const code of ['await input("x")', 'inputSync("x")']) {
      const { outcome } = await book.run(code, { allowStdin: false });
      expect(outcome).toMatchObject({ status: 'error' });
      expect(outcome.status === 'error' && outcome.evalue).toMatch(/cannot ask for input/);
    }
  });

  it('does not give a late answer to the next question', async () => {
    const { id, end } = book.start('await input("first")');
    await book.until(() => book.questions.at(-1)?.id === id);
    await book.session.interrupt();
    await end;
    book.session.inputReply(id, 'too late');
    book.answers = ['right'];
    expect(await book.value('inputSync("second")')).toBe("'right'");
  });
});
