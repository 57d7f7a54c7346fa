import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ROOT } from '../../provision/cli/approaches.ts';
import { parseArguments } from '../../provision/cli/arguments.ts';
import { decide } from '../../provision/cli/decide.ts';
import { parseCommand, takePrograms } from '../command/command.ts';
import { checked, type Read } from './grammar.ts';
import type { Kind } from './kinds.ts';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Reads `npm run [NAME [-- WORD…]]`, every word, and runs nothing. @throws Error for what is not understood */
export async function readScript([name = '', dashes, ...words]: readonly string[]): Promise<Read[]> {
  if (name === '') return [];
  const line = scripts[name];
  if (line === undefined) throw new Error(`there is no script "${name}"`);
  if (dashes === undefined) return [];
  if (dashes !== '--' || words.length === 0) throw new Error(`"${dashes}": words come behind "--"`);
  if (name === 'provision') return await readProvision(words);
  const [node, file = '', ...own] = line.split(' ');
  if (node !== 'node') throw new Error(`${name} takes no words`);
  return await readFile(file, [...own, ...words]);
}

/** Reads the words of `npm run provision --`: everything that can be wrong before a machine is contacted. */
export async function readProvision(words: readonly string[]): Promise<Read[]> {
  if (words.join() === '--help') return [];
  const args = parseArguments(words);
  if (!args || words.includes('--help')) throw new Error('--help stands alone');
  await decide(args.provider || args.inventory ? args : { ...args, provider: 'qemu' });
  return args.report === undefined ? [] : [{ word: args.report, kind: 'file' }];
}

/** Reads the words of a file of ours that is started by Node. */
export async function readFile(file: string, words: readonly string[]): Promise<Read[]> {
  const { program, byDefault } = await programOf(file);
  const ran: { command?: Command } = {};
  for (const command of [program, ...program.commands])
    command
      .action(() => {
        ran.command = command;
      })
      .exitOverride()
      .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  await parseCommand(program, words, byDefault);
  if (!ran.command) throw new Error('nothing would run');
  return valuesOf(ran.command);
}

/** A script's program, and the sub-command that runs when none is named. */
interface Taken {
  readonly program: Command;
  readonly byDefault: string | undefined;
}
const taken = new Map<string, Taken>();

/** The program of a script, which does not run. */
async function programOf(file: string): Promise<Taken> {
  const known = taken.get(file);
  if (known) return known;
  const source = readFileSync(join(ROOT, file), 'utf8');
  if (!source.includes('await runCommand(')) throw new Error(`${file} takes no words`);
  const found: Taken[] = [];
  takePrograms((program, byDefault) => void found.push({ program, byDefault }));
  await import(join(ROOT, file));
  const [first] = found;
  if (!first) throw new Error(`${file} has no program`);
  taken.set(file, first);
  return first;
}

/** What arguments and values of options are, by the names that --help shows for them. */
const kindOf: Readonly<Record<string, Kind>> = {
  approach: 'approach',
  scenario: 'scenario',
  machine: 'machine',
  action: 'action',
  name: 'name',
  command: 'shell line',
  target: 'target',
  'service=number': 'replicas',
  kind: 'recording machines',
  inventory: 'existing file',
  provider: 'provider',
  image: 'operating system',
  out: 'file',
};

/** The words that a command was given, each with what it has to be. */
function valuesOf(command: Command): Read[] {
  const args = command.args.map((word, at) => {
    const argument = command.registeredArguments[at] ?? command.registeredArguments.at(-1);
    return { word, name: argument?.name() ?? '', shown: '' };
  });
  // the option's own parser has checked values that are not strings
  const options = command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
    .filter((option) => typeof command.getOptionValue(option.attributeName()) === 'string')
    .map((option) => ({
      word: String(command.getOptionValue(option.attributeName())),
      name: option.long?.slice(2) ?? '',
      shown: /[<[]([^\]>]+)/.exec(option.flags)?.[1] ?? '',
    }));
  return [...args, ...options].map((given) => {
    const kind = kindOf[given.name] ?? kindOf[given.shown];
    if (!kind) throw new Error(`say in scripts/docs what <${given.name}> has to be`);
    return checked({ word: given.word, kind });
  });
}
