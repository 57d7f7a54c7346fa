import { stripVTControlCharacters } from 'node:util';
import { type Moment, timeline } from './recording.ts';
import { titlesIn } from './stage.ts';

/** Something that is shown, and the second at which it is. */
export interface Shown {
  readonly at: number;
  readonly text: string;
}

/** The titles of the scenes. */
export function chaptersOf(moments: readonly Moment[]): Shown[] {
  const { text, at } = timeline(moments);
  return titlesIn(text).map((title) => ({ at: at(title.index), text: title.text }));
}

/** Every line that stayed, when it was whole. What was written over is not among them. */
export function linesOf(moments: readonly Moment[]): Shown[] {
  const { text, at } = timeline(moments);
  return [...text.matchAll(/[^\n]*\n/g)].flatMap(({ 0: line, index }) => {
    const shown = stripVTControlCharacters(line.trimEnd().split('\r').at(-1) ?? '').trimEnd();
    return shown === '' ? [] : [{ at: at(index + line.length - 1), text: shown }];
  });
}
