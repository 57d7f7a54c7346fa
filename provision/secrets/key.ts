import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { inputError } from '../errors.ts';
import { shown } from '../input/yaml.ts';

/** A private key and the public key that belongs to it, as age writes them (`AGE-SECRET-KEY-1…`, `age1…`). */
export interface Key {
  readonly identity: string;
  readonly recipient: string;
}

/**
 * The key in a file that `age -d -i FILE` reads too; undefined if there is none. Only its owner may read it.
 *
 * @throws ProvisionError (input)
 */
export async function readKey(file: string): Promise<Key | undefined> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw inputError({ place: shown(file), what: 'the key cannot be read', why: (error as Error).message });
  }
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  const identity = text.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY-'));
  try {
    if (identity) return { identity: identity.trim(), recipient: await identityToRecipient(identity.trim()) };
  } catch {
    // The message of the library may quote the key.
  }
  throw inputError({
    place: shown(file),
    what: 'is not a key of age',
    why: 'expected a line that begins with AGE-SECRET-KEY-1',
    todo: 'restore it from a backup: without it, the encrypted secrets are lost',
  });
}

/** Generates a key. It never replaces a file that exists: another run may have made that one. */
export async function newKey(file: string): Promise<Key> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } finally {
    rmSync(draft);
  }
  return { identity, recipient };
}
