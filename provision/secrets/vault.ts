import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { withLock } from '../computer/lock.ts';
import { inputError } from '../errors.ts';
import { shown } from '../input/yaml.ts';
import { type Key, newKey, readKey } from './key.ts';

/** Where the secrets of one environment are. */
export interface Vault {
  readonly environment: string;
  /** The encrypted file: YAML in the format of age, which a team can commit. */
  readonly file: string;
  /** The key, which git ignores. */
  readonly key: string;
}

/** The vault of an environment of an approach. @throws ProvisionError (input) for a name that no environment has */
export function vaultOf(
  approach: { readonly name: string; readonly folder: string },
  environment: string,
  root: string,
): Vault {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(environment))
    throw inputError({
      what: `"${environment}" is not a valid name of an environment`,
      why: 'expected a lower-case letter, then up to 30 lower-case letters, digits and "-"',
    });
  return {
    environment,
    file: join(approach.folder, 'secrets', `${environment}.age`),
    key: join(root, '.secrets', `${approach.name}-${environment}.key`),
  };
}

/**
 * The decrypted YAML; undefined if there is neither a file nor a key.
 *
 * @throws ProvisionError (input) if one of both is missing, the key does not fit, or the file is damaged
 */
export async function unlock(vault: Vault): Promise<string | undefined> {
  const place = shown(vault.file);
  let text: string;
  try {
    text = readFileSync(vault.file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothingUnless(vault);
    throw inputError({ place, what: 'the secrets cannot be read', why: (error as Error).message });
  }
  const key = await readKey(vault.key);
  if (!key)
    throw inputError({
      place,
      what: `these secrets are encrypted, and the key ${shown(vault.key)} is missing`,
      todo: `get the key from somebody who has it, and save it as ${shown(vault.key)} (mode 0600). Only if ${vault.environment} has never been deployed, delete ${place} instead: the next run generates both`,
    });
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(key.identity);
    return await decrypter.decrypt(armor.decode(text), 'text');
  } catch (error) {
    throw inputError({
      place,
      what: `the secrets cannot be decrypted with the key ${shown(vault.key)}`,
      why: (error as Error).message,
      todo: 'check whether the key belongs to this environment, and whether the file is complete (git checkout)',
    });
  }
}

/** @throws ProvisionError (input) if there is a key: the environment may be running with the secrets that are missing */
function nothingUnless({ environment, file, key }: Vault): undefined {
  if (!existsSync(key)) return undefined;
  throw inputError({
    place: shown(file),
    what: `the encrypted secrets of ${environment} are missing, although their key ${shown(key)} exists`,
    why: 'the environment may be running with them, and new secrets would not fit its data',
    todo: `restore ${shown(file)} from git, or get it from somebody who has it. Only if ${environment} has never been deployed, delete ${shown(key)} instead: the next run generates both`,
  });
}

/** Encrypts the YAML. There is always a complete file on the disk. Generates the key if there is none. */
export async function lock(vault: Vault, text: string): Promise<void> {
  const key: Key = (await readKey(vault.key)) ?? (await newKey(vault.key));
  const encrypter = new Encrypter();
  encrypter.addRecipient(key.recipient);
  const encrypted = armor.encode(await encrypter.encrypt(text));
  mkdirSync(dirname(vault.file), { recursive: true });
  const draft = `${vault.file}.draft`;
  writeFileSync(draft, encrypted, { flush: true });
  renameSync(draft, vault.file);
  const folder = openSync(dirname(vault.file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Runs `work` while no other process of this computer changes the secrets of the environment. */
export const exclusively = <T>(
  { environment, file }: Vault,
  doing: string,
  waiting: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> =>
  withLock(file, `${doing} the secrets of ${environment}`, waiting, work, 900, `secrets of ${environment}`);
