import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redact } from '../../provision/index.ts';
import type { Moment } from './recording.ts';

/** What a recording must not reveal. */
export interface Hidden {
  readonly secrets: readonly string[];
  /** Folders of this computer and their replacements. */
  readonly folders: Readonly<Record<string, string>>;
}

/** The moments with all of this hidden. A line in which something was hidden becomes one moment. */
export function hiding(moments: readonly Moment[], hidden: Hidden): Moment[] {
  return linesOf(moments).flatMap((line) => {
    const text = line.map((moment) => moment.text).join('');
    const shown = hiddenIn(text, hidden);
    return shown === text ? line : [{ delay: line.reduce((sum, { delay }) => sum + delay, 0), text: shown }];
  });
}

/** The text with all of this hidden. */
export function hiddenIn(text: string, { secrets, folders }: Hidden): string {
  const longest = Object.entries(folders).sort(([a], [b]) => b.length - a.length);
  return longest.reduce((all, [folder, name]) => all.replaceAll(folder, name), redact(text, secrets));
}

/** The moments grouped by line, because a secret may be split over several moments. */
function linesOf(moments: readonly Moment[]): Moment[][] {
  const lines: Moment[][] = [[]];
  for (const moment of moments) {
    lines.at(-1)?.push(moment);
    if (moment.text.endsWith('\n')) lines.push([]);
  }
  return lines;
}

/** The secrets generated for the machines of a checkout. */
export const generatedIn = (checkout: string): string[] =>
  globSync('.secrets/*.json', { cwd: checkout }).flatMap((file) =>
    Object.values(JSON.parse(readFileSync(join(checkout, file), 'utf8')) as Record<string, string>),
  );

/** Names whose values are secret. */
const telling = /pass|secret|token|credential/i;

/** The values in parsed YAML whose name says that they are secret. */
export function secretsIn(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return telling.test(name) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => secretsIn(one, Array.isArray(value) ? name : key));
}
