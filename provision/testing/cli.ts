import { join, resolve } from 'node:path';
import { execa } from 'execa';

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
