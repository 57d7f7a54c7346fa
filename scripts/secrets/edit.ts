import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { execa } from 'execa';
import { failure } from '../../provision/index.ts';
import { headOf } from '../../provision/secrets/environment.ts';
import { valuesOf } from '../../provision/secrets/values.ts';
import { exclusively, lock, unlock, type Vault } from '../../provision/secrets/vault.ts';
import { inPrivateFolder } from './private.ts';

export interface Editing {
  waiting(line: string): void;
  /** Told what is wrong with the text before the editor is opened again. */
  warn(error: unknown): void;
  readonly signal: AbortSignal;
  /** The command of the editor; default: $VISUAL, $EDITOR or vi. */
  readonly editor?: string;
  /** Whether a person can be asked to correct a mistake; default: if standard input is a terminal. */
  readonly asks?: boolean;
}

/**
 * Lets a person change the secrets of an environment in an editor. Nothing is saved if the text is not valid.
 *
 * @returns whether something was saved
 * @throws ProvisionError (input) for an invalid text, (failed) if the editor fails
 */
export const edit = (vault: Vault, editing: Editing): Promise<boolean> =>
  exclusively(vault, 'editing', editing.waiting, async () => {
    const before = await unlock(vault);
    return inPrivateFolder(async (folder) => {
      const file = join(folder, `${vault.environment}.yml`);
      writeFileSync(file, before ?? headOf(vault), { mode: 0o600, flag: 'wx' });
      const after = await valid(vault, file, editing);
      if (after === (before ?? headOf(vault))) return false;
      await lock(vault, after);
      return true;
    });
  });

/** The text as it leaves the editor, which is opened again while the text is wrong and a person is there. */
async function valid(vault: Vault, file: string, editing: Editing): Promise<string> {
  const { signal, warn, asks = process.stdin.isTTY === true } = editing;
  for (;;) {
    await open(file, editing);
    const text = readFileSync(file, 'utf8');
    try {
      valuesOf(text, `${vault.environment}.yml`);
      return text;
    } catch (error) {
      if (!asks) throw error;
      warn(error);
    }
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    await terminal
      .question('Enter opens the editor again; Ctrl-C leaves the secrets as they were. ', { signal })
      .finally(() => terminal.close());
  }
}

/** The editor may be a command with options, as git allows it. */
async function open(
  file: string,
  { signal, editor = process.env.VISUAL || process.env.EDITOR || 'vi' }: Editing,
): Promise<void> {
  const { failed, exitCode, shortMessage } = await execa('sh', ['-c', `exec ${editor} "$1"`, 'sh', file], {
    stdio: 'inherit',
    reject: false,
    cancelSignal: signal,
  });
  if (!failed) return;
  throw failure({
    what: `the editor "${editor}" failed, and nothing was changed`,
    why: exitCode === undefined ? (shortMessage ?? 'it was ended') : `exit code ${exitCode}`,
    todo: 'set EDITOR to the command of an editor that is installed, for example EDITOR=nano',
  });
}
