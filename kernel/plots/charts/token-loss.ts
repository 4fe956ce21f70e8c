/** A text with the loss of each of its tokens. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import { describeValue } from '../../../core/shapes.js';
import { formatCount, formatNumber } from '../model/format.js';
import { wordsFor } from '../model/sound.js';
import { mix, parseColor, toHex } from '../scene/style.js';

export interface TokenLossOptions {
  title?: string;
  /** The loss that has the full colour; default the largest one, at most 8 nats. */
  highest?: number;
}

const MOST_TOKENS = 2000;
const LONGEST_TOKEN = 200;
const LISTED = 5;
const PALE = parseColor('#ffffff');
const STRONG = parseColor('#f0905a');

/** As a cell shows it: HTML without script, and text. */
export class TokenLoss {
  constructor(
    readonly html: string,
    readonly text: string,
  ) {}

  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.text, 'text/html': this.html };
  }
}

/**
 * The text with every token the more orange the higher its loss is, the loss under the pointer; in plain text the mean,
 * the perplexity and the tokens with the highest losses. Tokens are escaped; of more than 2000 the first are shown. It
 * never throws.
 *
 * ```ts
 * tokenLoss(tokens, F.crossEntropy(logits, targets, { reduction: 'none' }));
 * ```
 */
export function tokenLoss(
  tokens: readonly string[],
  losses: NumberSource,
  options: TokenLossOptions = {},
): TokenLoss {
  const title = options.title ?? 'Loss of each token';
  let values: number[];
  try {
    values = Array.from(flatNumbers(losses));
    const given: unknown = tokens;
    if (!Array.isArray(given))
      throw new TypeError(`tokenLoss: tokens are an array of strings, got ${describeValue(given)}`);
    tokens = given.map(wordsFor);
    if (values.length !== tokens.length)
      throw new RangeError(`there are ${tokens.length} tokens and ${values.length} losses`);
  } catch (error) {
    return said(title, error instanceof Error ? error.message : String(error));
  }
  if (tokens.length === 0) return said(title, 'No tokens');
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const most =
    options.highest ??
    Math.min(
      8,
      finite.reduce((a, b) => Math.max(a, b), 1e-9),
    );
  const shown = tokens.slice(0, MOST_TOKENS);
  const spans = shown.map((token, i) => span(token, values[i], most)).join('');
  const facts = [
    finite.length === 0
      ? `${formatCount(tokens.length)} tokens, without a finite loss`
      : `${formatCount(tokens.length)} tokens, mean loss ${formatNumber(mean, 4)} nats, perplexity ${formatNumber(Math.exp(mean), 4)}`,
  ];
  if (finite.length < values.length)
    facts.push(`${values.length - finite.length} losses are not finite (magenta)`);
  if (shown.length < tokens.length) facts.push(`the first ${formatCount(shown.length)} are shown`);
  const highest = values
    .map((value, i) => ({ value, i }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => b.value - a.value)
    .slice(0, LISTED)
    .map(
      ({ value, i }) =>
        `${JSON.stringify(tokens[i].slice(0, LONGEST_TOKEN))} at ${i}: ${formatNumber(value)}`,
    );
  const html =
    `<div><div><b>${escape(title)}</b></div><div style="line-height:1.9;max-width:760px">${spans}</div>` +
    `<small>${escape(facts.join('; '))}.${finite.length === 0 ? '' : ` White is 0, orange ${formatNumber(most)} nats.`}</small></div>`;
  const lines = highest.length === 0 ? facts : [...facts, `highest: ${highest.join(', ')}`];
  return new TokenLoss(html, [title, ...lines].join('\n'));
}

function said(title: string, words: string): TokenLoss {
  return new TokenLoss(`<div><b>${escape(title)}</b><div>${escape(words)}</div></div>`, `${title}\n${words}`);
}

/** Dark text on a light patch reads on light and dark themes alike. */
function span(token: string, loss: number, most: number): string {
  const share = Math.min(Math.max(loss / most, 0), 1);
  const color = Number.isFinite(loss) ? toHex(mix(PALE, STRONG, share)) : '#f4a6d6';
  const words = escape(token.slice(0, LONGEST_TOKEN)).replace(/\n/g, '⏎<br>').replace(/^ | $/g, '&nbsp;');
  return `<span style="background:${color};color:#1f2328;padding:1px 0" title="${formatNumber(loss)}">${words === '' ? '∅' : words}</span>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
