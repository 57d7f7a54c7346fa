import { type Moment, type Recording, size } from './recording.ts';

/** The shortest delay in seconds; moments closer together are joined. */
const FINEST = 0.016;

/** asciicast v2 (docs.asciinema.org/manual/asciicast/v2): a header, and `[second, "o", text]` for each moment. */
export function castOf({ moments }: Recording, title: string): string {
  const header = { version: 2, width: size.columns, height: size.rows, title };
  let at = 0;
  const events: [number, 'o', string][] = [];
  for (const { delay, text } of moments satisfies readonly Moment[]) {
    at += delay;
    const last = events.at(-1);
    if (last && at - last[0] < FINEST) last[2] += text;
    else events.push([Number(at.toFixed(3)), 'o', text]);
  }
  return [header, ...events].map((line) => JSON.stringify(line)).join('\n');
}
