import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redact } from '../../provision/shell/secret.ts';
import type { Moment } from './recording.ts';

/** What of a recording nobody may see. */
export interface Hidden {
  readonly secrets: readonly string[];
  /** Folders of this computer, and what stands in their place. */
  readonly folders: Readonly<Record<string, string>>;
}

/** The same moments without it. Where something was hidden, a line comes at one moment. */
export function hiding(moments: readonly Moment[], hidden: Hidden): Moment[] {
  return linesOf(moments).flatMap((line) => {
    const text = line.map((moment) => moment.text).join('');
    const shown = hiddenIn(text, hidden);
    return shown === text ? line : [{ delay: line.reduce((sum, { delay }) => sum + delay, 0), text: shown }];
  });
}

/** A text without it. */
export function hiddenIn(text: string, { secrets, folders }: Hidden): string {
  const longest = Object.entries(folders).sort(([a], [b]) => b.length - a.length);
  return longest.reduce((all, [folder, name]) => all.replaceAll(folder, name), redact(text, secrets));
}

/** Groups that end where a line does: what is hidden may have come in parts. */
function linesOf(moments: readonly Moment[]): Moment[][] {
  const lines: Moment[][] = [[]];
  for (const moment of moments) {
    lines.at(-1)?.push(moment);
    if (moment.text.endsWith('\n')) lines.push([]);
  }
  return lines;
}

/** What was generated for the machines of a checkout. */
export const generatedIn = (checkout: string): string[] =>
  globSync('.secrets/*.json', { cwd: checkout }).flatMap((file) =>
    Object.values(JSON.parse(readFileSync(join(checkout, file), 'utf8')) as Record<string, string>),
  );

/** Names under which a value is nobody's business. */
const telling = /pass|secret|token|credential/i;

/** Every value in something read from YAML whose name says that it is secret. */
export function secretsIn(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return telling.test(name) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => secretsIn(one, Array.isArray(value) ? name : key));
}
