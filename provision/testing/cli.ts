import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');

/** The command as a person runs it. */
export async function cli(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['provision/cli.mjs', ...args], {
    cwd: ROOT,
    reject: false,
    stdin: 'ignore',
    env: { THEAPP_LAB: join(ROOT, '.lab', 'none') },
  });
  return { exitCode, stdout, stderr };
}

/** Words that the command refuses, and what its error says. */
export type Refusal = readonly [what: string, args: readonly string[], wanted: RegExp];

/** Expects one clear error for each row: exit code 3, nothing on stdout, no secret and no stack trace. */
export async function refuses(t: Test, table: readonly Refusal[]): Promise<void> {
  for (const [what, args, wanted] of table) {
    const { exitCode, stderr, stdout } = await cli(...args);
    t.equal(exitCode, 3, what);
    t.match(stderr, wanted, what);
    t.equal(stdout, '', what);
    t.notMatch(stderr, /hush|123456/, `${what}: no secret`);
    t.notMatch(stderr, /\n\s+at .*:\d+:\d+/, `${what}: no stack trace`);
  }
}
