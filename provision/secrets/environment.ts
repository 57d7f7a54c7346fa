import { existsSync } from 'node:fs';
import { shown } from '../input/yaml.ts';
import { type Secret, secret } from '../shell/secret.ts';
import { generated, valuesOf, withValues } from './values.ts';
import { exclusively, lock, unlock, type Vault } from './vault.ts';

/** How a run uses the secrets of an environment. */
export interface Use {
  /** Changes nothing: what is missing is generated for this run only. */
  readonly check: boolean;
  waiting(line: string): void;
  /** Called before secrets are generated, also by a dry run. Throws if new ones must not be generated. */
  beforeGenerating?(names: readonly string[]): Promise<void>;
}

/**
 * Secrets of an environment by name. Those that are missing are generated and added to the file, which is created with
 * its key if necessary.
 *
 * @throws ProvisionError (input), and whatever `beforeGenerating` throws
 */
export async function environmentSecrets<N extends string>(
  vault: Vault,
  names: readonly N[],
  { check, waiting, beforeGenerating }: Use,
): Promise<Record<N, Secret>> {
  const known = await readSettled(vault, waiting);
  const missing = names.filter((name) => !known.values.has(name));
  if (missing.length === 0) return pick(names, known.values);
  await beforeGenerating?.(missing);
  if (check) return pick(names, new Map([...known.values, ...made(missing)]));
  return exclusively(vault, 'generating', waiting, async () => {
    const { text, values } = await read(vault);
    const added = made(names.filter((name) => !values.has(name)));
    if (added.size > 0) await lock(vault, withValues(text, added));
    return pick(names, new Map([...values, ...added]));
  });
}

/**
 * Checks what can be checked before a run contacts a machine: that the file and the key are both there and fit, or both
 * missing.
 *
 * @throws ProvisionError (input)
 */
export async function checkSecrets(vault: Vault, waiting: Use['waiting']): Promise<void> {
  await readSettled(vault, waiting);
}

/**
 * New values for secrets of an environment.
 *
 * @returns the names of those that were replaced; the others do not exist
 * @throws ProvisionError (input)
 */
export const rotateSecrets = (
  vault: Vault,
  which: (name: string) => boolean,
  waiting: (line: string) => void,
): Promise<readonly string[]> =>
  exclusively(vault, 'rotating', waiting, async () => {
    const { text, values } = await read(vault);
    const names = [...values.keys()].filter(which);
    if (names.length > 0) await lock(vault, withValues(text, made(names)));
    return names;
  });

/** The names of all secrets of an environment. */
export const secretNames = async (vault: Vault): Promise<readonly string[]> => [
  ...(await read(vault)).values.keys(),
];

/** Waits while another process creates the file, because its key exists first. */
const readSettled = (vault: Vault, waiting: Use['waiting']) =>
  existsSync(vault.file) ? read(vault) : exclusively(vault, 'reading', waiting, () => read(vault));

async function read(vault: Vault): Promise<{ text: string; values: Map<string, string> }> {
  const text = (await unlock(vault)) ?? headOf(vault);
  return { text, values: valuesOf(text, shown(vault.file)) };
}

/** The beginning of a new file. */
export const headOf = ({ environment }: Vault): string =>
  `# The secrets of ${environment}, one per line: a name, a colon and the value. Quote values with special characters.\n`;

const made = (names: readonly string[]) => new Map(names.map((name) => [name, generated()]));

const pick = <N extends string>(names: readonly N[], values: ReadonlyMap<string, string>) =>
  Object.fromEntries(names.map((name) => [name, secret(values.get(name) ?? '')])) as Record<N, Secret>;
