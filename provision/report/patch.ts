import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { Diff } from '../language/resource.ts';
import type { Color } from './terminal.ts';

/** A change of a file in the format of `diff -u`, with two lines of context. */
export function patch({ path, before, after }: Diff, color: (style: Color, text: string) => string): string {
  const text = createTwoFilesPatch(path, path, before, after, 'before', 'after', {
    context: 2,
    headerOptions: FILE_HEADERS_ONLY,
  });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) =>
      color(line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim', `      ${line}`),
    )
    .join('\n');
}
