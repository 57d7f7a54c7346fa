import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../provision/cli/approaches.ts';
import { suites } from '../cluster/chaos/suites.ts';
import { type Read, readBy, readProgram } from './grammar.ts';
import { kinds } from './kinds.ts';
import { readFile, readProvision, readScript } from './scripts.ts';

/** Splits a shell line into words; quoted text is one word. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));

/** Placeholders in the pages, and values that a reader could use. */
const placeholders: Readonly<Record<string, string>> = {
  SCENARIO: suites.swarm.all[0]?.name ?? '',
  NAME: 'before',
};

/**
 * Parses all words of a command as the shell and the program would, but runs nothing.
 *
 * @throws Error for an invalid word
 */
export async function read(words: readonly string[]): Promise<Read[]> {
  const given = words.map((word) => placeholders[word] ?? word);
  const start = given.findIndex((word) => !/^\w+=/.test(word));
  for (const setting of given.slice(0, start)) await readSetting(setting);
  const [program = '', ...rest] = given.slice(start);
  if (program === 'npm' && rest[0] === 'run') return await readScript(rest.slice(1));
  if (program === 'npx' && rest[0] === 'node') return await readNode(rest.slice(1));
  if (program === 'npx') return readProgram(rest[0] ?? '', rest.slice(1));
  if (program === 'node') return await readNode(rest);
  if (program === 'sudo') return readProgram(rest[0] ?? '', rest.slice(1));
  return readProgram(program, rest);
}

/** Variables that the pages set before a command. */
const settings: Readonly<Record<string, (value: string) => unknown>> = {
  APPROACH: (value) => kinds.approach(value),
  THEAPP_LIBVIRT_DRIVER: (value) => ['kvm', 'qemu'].includes(value),
  PROVISION_ARGS: async (value) => await readProvision(['approach_0', ...wordsOf(value)]),
  MYSQL_PASS_FILE: (value) => value === '…',
  MALLOC_ARENA_MAX: (value) => kinds.number(value),
};

async function readSetting(setting: string): Promise<void> {
  const [name = '', value = ''] = setting.split(/=(.*)/s);
  if (!(await settings[name]?.(value))) throw new Error(`"${setting}" is not a setting that the pages use`);
}

/** Parses the arguments of Node: its own options, then TheAPP or a file of this project. */
async function readNode(words: readonly string[]): Promise<Read[]> {
  const at = words.findIndex((word) => !word.startsWith('-'));
  const flags = at < 0 ? words : words.slice(0, at);
  if (flags.length > 0) execFileSync(process.execPath, [...flags, '--version'], { stdio: 'pipe' });
  if (at < 0) return [];
  const [file = '', ...more] = words.slice(at);
  if (file === 'theapp.mjs') return readBy({ more: 'word of TheAPP' }, more);
  if (!existsSync(join(ROOT, file))) throw new Error(`there is no file "${file}"`);
  return more.length > 0 ? await readFile(file, more) : [];
}
