/** What a person types in a notebook of `language.mjs`, and what must be among the answers when the word is whole. */

/** The text before, what is typed letter by letter, and a text after the cursor; another cell's names in each round. */
export function sentences(round) {
  const at = 3 + ((round * 7) % 190);
  return [
    ['', 'Math.hypot', ''],
    ['const second = ', `value${at}.third`, ''],
    ['', `names${at}.flatMap`, '((name) => name)'],
    [`const product${at} = `, `weights${at}.matmul`, '(eye(3))'],
    ['const x = ', `value${at}`, ''],
    ['const layer = ', 'nn.Linear', '(4, 3)'],
    [`[1, ${at}].map((each) => each.`, 'toFixed', '(1))'],
    ["import { readFile } from '", 'node:fs', "'"],
    [`weights${at}.to('`, 'float64', "')"],
    [`const fresh${at} = randn([2, 3], { `, 'requiresGrad', ' })'],
  ];
}

/** A question for each letter of a sentence: the text, the cursor, and the word that must be in the answer to the last. */
export function letters([before, typed, after]) {
  return Array.from(typed, (_, index) => {
    const upTo = before + typed.slice(0, index + 1);
    const word = index + 1 === typed.length ? typed.slice(typed.lastIndexOf('.') + 1) : null;
    return { code: upTo + after, cursor: upTo.length, word };
  });
}
