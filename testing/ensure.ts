import { ensurePrograms } from '../provision/computer/install.ts';
import type { Program } from '../provision/computer/programs.ts';
import { exitCodes, explain, ProvisionError } from '../provision/index.ts';

/** In CI, or as root without a terminal, nobody can answer a prompt. */
const unattended = Boolean(process.env.CI) || (process.getuid?.() === 0 && !process.stdin.isTTY);

/** Installs the programs that the tests need, after confirmation. Reports why if it cannot. */
export async function prerequisites(programs: readonly Program[]): Promise<void> {
  const yes = unattended || process.argv.includes('--yes');
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  try {
    await ensurePrograms(programs, { yes, progress });
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = error instanceof ProvisionError ? exitCodes[error.kind] : 1;
  }
}
