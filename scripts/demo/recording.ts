import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../provision/index.ts';

/** Output of the terminal at one moment, and the seconds since the moment before. */
export interface Moment {
  readonly delay: number;
  readonly text: string;
}

/** A terminal session. `about` are the fields of its first line. */
export interface Recording {
  readonly about: Readonly<Record<string, string>>;
  readonly moments: readonly Moment[];
}

/** The fixed size of the terminal. */
export const size = { columns: 100, rows: 30 };

const names = { typescript: 'typescript', timing: 'timing' };

/**
 * Reads the output of `script` (util-linux) in its classic format: the bytes after a first line, and a line
 * `SECONDS BYTES` for each moment.
 */
export function readRecording(folder: string): Recording {
  const bytes = readFileSync(join(folder, names.typescript));
  const timing = readFileSync(join(folder, names.timing), 'utf8');
  const start = bytes.indexOf('\n') + 1;
  const decoder = new TextDecoder();
  let at = start;
  const moments = timing.split('\n').flatMap((line): Moment[] => {
    if (line === '') return [];
    const [, delay, length] = /^(\d+\.\d+) (\d+)$/.exec(line) ?? [];
    if (delay === undefined)
      throw failure({ place: folder, what: `"${line}" is not a line of a timing file` });
    const part = bytes.subarray(at, at + Number(length));
    at += Number(length);
    // A character whose bytes are split over two moments belongs to the second.
    return [{ delay: Number(delay), text: decoder.decode(part, { stream: true }) }];
  });
  return { about: aboutIn(bytes.subarray(0, start).toString('utf8')), moments };
}

/** Writes the files that `scriptreplay` plays. */
export function writeRecording(folder: string, { about, moments }: Recording): void {
  const words = Object.entries(about).map(([name, value]) => `${name}="${value}"`);
  const text = moments.map((moment) => moment.text).join('');
  const shown = moments.filter((moment) => moment.text !== '');
  const lines = shown.map(({ delay, text }) => `${delay.toFixed(6)} ${Buffer.byteLength(text)}\n`);
  writeFileSync(join(folder, names.typescript), `Script started [${words.join(' ')}]\n${text}`);
  writeFileSync(join(folder, names.timing), lines.join(''));
}

const aboutIn = (line: string) =>
  Object.fromEntries(
    [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );

/** The whole output, and the second at which each character was written. */
export function timeline(moments: readonly Moment[]): { text: string; at(offset: number): number } {
  let [seconds, length] = [0, 0];
  const ends = moments.map(({ delay, text }) => {
    seconds += delay;
    length += text.length;
    return { seconds, length };
  });
  return {
    text: moments.map(({ text }) => text).join(''),
    at: (offset) => ends.find((end) => end.length > offset)?.seconds ?? seconds,
  };
}
