import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const dockerfile = join(import.meta.dirname, '../../app/Dockerfile');

/** The words that stand as JSON after an instruction (a pattern) of TheAPP's Dockerfile. @throws SyntaxError when there are none */
export function wordsOf(instruction: string): string[] {
  const text = readFileSync(dockerfile, 'utf8');
  const [, words = ''] = new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(text) ?? [];
  return JSON.parse(words);
}
