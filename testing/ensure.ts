import { ensurePrograms } from '../provision/computer/install.ts';
import { missing, type Program } from '../provision/computer/programs.ts';
import { exitCodes, explain, ProvisionError } from '../provision/index.ts';

/** In CI, or as root without a terminal, nobody can answer a prompt. */
const unattended = Boolean(process.env.CI) || (process.getuid?.() === 0 && !process.stdin.isTTY);

/**
 * Installs the programs that the tests need, after confirmation. If it cannot install, it prints the command. The run
 * then fails if a required program is missing; otherwise it continues and skips the tests of the optional ones.
 */
export async function prerequisites(
  required: readonly Program[],
  optional: readonly Program[] = [],
): Promise<void> {
  const yes = unattended || process.argv.includes('--yes');
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  try {
    await ensurePrograms([...required, ...optional], { yes, progress });
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    const skipped = missing(optional).map(({ name }) => name);
    if (missing(required).length === 0 && skipped.length > 0)
      process.stderr.write(`Tests that need ${skipped.join(', ')} are skipped.\n`);
    else process.exitCode = error instanceof ProvisionError ? exitCodes[error.kind] : 1;
  }
}
