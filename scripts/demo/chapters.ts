import { stripVTControlCharacters } from 'node:util';
import { titlesIn } from './prompt.ts';
import { type Moment, timeline } from './recording.ts';

/** A text, and the second at which it is shown. */
export interface Shown {
  readonly at: number;
  readonly text: string;
}

/** The titles of the scenes. */
export function chaptersOf(moments: readonly Moment[]): Shown[] {
  const { text, at } = timeline(moments);
  return titlesIn(text).map((title) => ({ at: at(title.index), text: title.text }));
}

/** Every complete line that was not overwritten. */
export function linesOf(moments: readonly Moment[]): Shown[] {
  const { text, at } = timeline(moments);
  return [...text.matchAll(/[^\n]*\n/g)].flatMap(({ 0: line, index }) => {
    const shown = stripVTControlCharacters(line.trimEnd().split('\r').at(-1) ?? '').trimEnd();
    return shown === '' ? [] : [{ at: at(index + line.length - 1), text: shown }];
  });
}
