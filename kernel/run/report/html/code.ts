/** Code with its syntax coloured by the page's styles. */
import { highlight } from 'sugar-high';
import { lang } from 'sugar-high/lang';
import { escapeHtml } from '../../../display/table.js';

export function highlighted(code: string, language: string): string {
  const known = lang(language);
  return known === undefined ? escapeHtml(code) : highlight(code, { lang: known });
}
