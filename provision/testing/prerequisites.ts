import { exitCodes, explain, ProvisionError } from '../errors.ts';
import { ensurePrograms } from '../machines/qemu/install.ts';
import type { Program } from '../machines/qemu/programs.ts';

/** Nobody can be asked in CI, or where root runs this without a terminal. */
const unattended = Boolean(process.env.CI) || (process.getuid?.() === 0 && !process.stdin.isTTY);

/** Has what tests run installed, after a yes; `modern`: with a QEMU that Debian 13 guests run on. Says why it cannot be. */
export async function prerequisites(programs: readonly Program[], modern: boolean): Promise<void> {
  const yes = unattended || process.argv.includes('--yes');
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  try {
    await ensurePrograms(programs, modern, { yes, progress });
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = error instanceof ProvisionError ? exitCodes[error.kind] : 1;
  }
}
