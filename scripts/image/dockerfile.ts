import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** TheAPP's Dockerfile. */
export const dockerfile = join(import.meta.dirname, '../../app/Dockerfile');

/**
 * The words of an instruction in exec form: a JSON array after its name and options (Dockerfile reference, "Shell and
 * exec form").
 *
 * @param instruction a pattern for the text before the JSON
 * @throws SyntaxError when there is no such line
 */
export function execForm(instruction: string): string[] {
  const text = readFileSync(dockerfile, 'utf8');
  const [, words = ''] = new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(text) ?? [];
  return JSON.parse(words);
}

/** The variables that its ENV instructions set. Values have neither blanks nor quotes. */
export function environment(): Record<string, string> {
  const lines = readFileSync(dockerfile, 'utf8').matchAll(/^ENV (.*)$/gm);
  const pairs = [...lines].flatMap(([, line = '']) => [...line.matchAll(/(\w+)=(\S+)/g)]);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}
