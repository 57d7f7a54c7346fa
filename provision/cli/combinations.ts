import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { inputError } from '../errors.ts';
import type { Arguments } from './arguments.ts';

/** Refuses options that contradict each other or cannot work here. @throws ProvisionError (input) */
export function checkCombinations(args: Arguments): void {
  const actions = (['verify', 'rollback', 'decommission'] as const).filter((name) => args[name]);
  if (actions.length > 1) {
    throw inputError({
      place: actions.map((name) => `--${name}`).join(' '),
      what: 'these options exclude each other',
      todo: 'give only one of them',
    });
  }
  if (args.purge && !args.decommission) {
    throw inputError({
      place: '--purge',
      what: 'works only with --decommission',
      todo: 'add --decommission to remove the installation and its data',
    });
  }
  if (!args.list) checkTerminal(args);
  if (args.report !== undefined) checkReport(args.report);
}

function checkTerminal({ step, check, verify, askBecomePass }: Arguments): void {
  if (process.stdin.isTTY) return;
  if (step && !check && !verify) {
    throw inputError({
      place: '--step',
      what: 'needs a terminal to ask questions',
      todo: 'run the command in a terminal, or preview all changes with --check',
    });
  }
  if (askBecomePass) {
    throw inputError({
      place: '--ask-become-pass',
      what: 'needs a terminal to ask questions',
      todo: 'use sudo_password_file: FILE in the inventory instead',
    });
  }
}

/** @throws ProvisionError (input) if nobody can answer the question that an action asks */
export function checkCanAsk({ yes, check, list, command }: Arguments): void {
  if (yes || check || list || process.stdin.isTTY) return;
  throw inputError({
    place: `npm run ${command}`,
    what: 'needs a terminal to ask for a confirmation',
    todo: 'confirm in advance with --yes, or preview all changes with --check',
  });
}

/** The report is written at the end of the run, which is too late to learn that it cannot be. */
function checkReport(file: string): void {
  const place = `--report ${file}`;
  const todo = 'name a file in a folder that exists and that you can write to';
  const folder = dirname(resolve(file));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw inputError({
      place,
      what: 'the report cannot be written',
      why: `there is no folder ${folder}`,
      todo,
    });
  const existing = statSync(file, { throwIfNoEntry: false });
  if (existing?.isDirectory())
    throw inputError({ place, what: 'the report cannot be written', why: 'it is a directory', todo });
  try {
    accessSync(existing ? file : folder, constants.W_OK);
  } catch {
    throw inputError({ place, what: 'the report cannot be written', why: 'permission denied', todo });
  }
}
