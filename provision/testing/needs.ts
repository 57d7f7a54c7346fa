import { writeSync } from 'node:fs';
import { locate } from '../computer/programs.ts';

/** Why a test that runs this program cannot run here, for its `skip`; false if it can. */
export const needs = (program: string, debianPackage: string): string | false =>
  locate(program) ? false : `needs ${program}: apt-get install ${debianPackage}`;

/** Skips the rest of the test file if there is a reason. */
export function skipFile(reason: string | false): void {
  if (reason === false) return;
  writeSync(1, `TAP version 14\n1..0 # SKIP ${reason}\n`);
  process.exit(0);
}
