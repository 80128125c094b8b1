/** Markdown as far as reports need it. */

/** Free text inside a table: nothing in it may end the cell or become markup. */
export function cell(text: string): string {
  return text.replace(/[\\`|<>*_[\]]/g, '\\$&').replace(/[\r\n]+/g, ' ');
}
