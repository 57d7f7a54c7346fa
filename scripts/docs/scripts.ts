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

/** Parses `npm run [NAME [-- WORD…]]`, but runs nothing. @throws Error for an invalid word */
export async function readScript([name = '', dashes, ...words]: readonly string[]): Promise<Read[]> {
  if (name === '') return [];
  const line = scripts[name];
  if (line === undefined) throw new Error(`there is no script "${name}"`);
  if (dashes === undefined) return [];
  if (dashes !== '--' || words.length === 0) throw new Error(`"${dashes}": arguments must follow "--"`);
  const [node, file = '', ...own] = line.split(' ');
  if (node !== 'node') throw new Error(`${name} takes no arguments`);
  if (file === 'provision/cli.mjs') return await readProvision([...own, ...words]);
  return await readFile(file, [...own, ...words]);
}

/** Parses the arguments of `npm run provision --`, `deploy` and `promote`, with all checks that need no machine. */
export async function readProvision(words: readonly string[]): Promise<Read[]> {
  if (/^((deploy|promote),)?--help$/.test(words.join())) return [];
  const args = parseArguments(words);
  if (!args || words.includes('--help')) throw new Error('--help must be the only argument');
  const known = { ...args, yes: true };
  await decide(args.provider || args.inventory ? known : { ...known, provider: 'qemu' });
  return args.report === undefined ? [] : [{ word: args.report, kind: 'file' }];
}

/** Parses the arguments of a script that Node runs. */
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
  if (!ran.command) throw new Error('no command would run');
  return valuesOf(ran.command);
}

/** A script's program, and the subcommand that runs if none is named. */
interface Loaded {
  readonly program: Command;
  readonly byDefault: string | undefined;
}
const loaded = new Map<string, Loaded>();

/** Loads the program of a script without running it. */
async function programOf(file: string): Promise<Loaded> {
  const known = loaded.get(file);
  if (known) return known;
  const source = readFileSync(join(ROOT, file), 'utf8');
  if (!source.includes('await runCommand(')) throw new Error(`${file} takes no arguments`);
  const found: Loaded[] = [];
  takePrograms((program, byDefault) => void found.push({ program, byDefault }));
  await import(join(ROOT, file));
  const [first] = found;
  if (!first) throw new Error(`${file} has no program`);
  loaded.set(file, first);
  return first;
}

/** The kinds of arguments and option values, by the names that --help shows for them. */
const kindOf: Readonly<Record<string, Kind>> = {
  approach: 'approach',
  scenario: 'scenario',
  environment: 'environment',
  names: 'secret',
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

/** The arguments and option values of a command, each checked against its kind. */
function valuesOf(command: Command): Read[] {
  const args = command.args.map((word, at) => {
    const argument = command.registeredArguments[at] ?? command.registeredArguments.at(-1);
    return { word, name: argument?.name() ?? '', shown: '' };
  });
  // an option's own parser has already checked values that are not strings
  const options = command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
    .filter((option) => typeof command.getOptionValue(option.attributeName()) === 'string')
    .map((option) => ({
      word: String(command.getOptionValue(option.attributeName())),
      name: option.long?.slice(2) ?? '',
      shown: /[<[]([^\]>]+)/.exec(option.flags)?.[1] ?? '',
    }));
  return [...args, ...options].map((value) => {
    const kind = kindOf[value.name] ?? kindOf[value.shown];
    if (!kind) throw new Error(`scripts/docs/scripts.ts does not define the kind of <${value.name}>`);
    return checked({ word: value.word, kind });
  });
}
