import { writeSync } from 'node:fs';
import { locate } from '../computer/programs.ts';

/** Why a test that runs this program cannot run here, for its `skip`; false where it can. */
export const needs = (program: string, debianPackage: string): string | false =>
  locate(program) ? false : `needs ${program}: apt-get install ${debianPackage}`;

/** Skips the whole test file for a reason, if there is one: the rest of it does not run. */
export function skipFile(reason: string | false): void {
  if (reason === false) return;
  writeSync(1, `TAP version 14\n1..0 # SKIP ${reason}\n`);
  process.exit(0);
}
