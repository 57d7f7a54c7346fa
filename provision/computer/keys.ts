import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { execa } from 'execa';
import { withLock } from './lock.ts';

/** A key pair in OpenSSH format. `file` is the private key, mode 0600; `public` is the public key without comment. */
export interface KeyPair {
  readonly file: string;
  readonly public: string;
}

/** The Ed25519 key pair in `file` and `file.pub`, created if it does not exist. */
export async function keyPair(file: string): Promise<KeyPair> {
  if (!existsSync(file))
    await withLock(
      file,
      'creating a key',
      () => {},
      () => makeKey(file),
    );
  const [type, key] = readFileSync(`${file}.pub`, 'utf8').trim().split(' ');
  return { file, public: `${type} ${key}` };
}

/** The private key is renamed last, so that the public key exists whenever the private key does. */
async function makeKey(file: string): Promise<void> {
  if (existsSync(file)) return;
  const draft = `${file}.draft`;
  for (const old of [draft, `${draft}.pub`]) rmSync(old, { force: true });
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'theapp-lab', '-f', draft]);
  renameSync(`${draft}.pub`, `${file}.pub`);
  renameSync(draft, file);
}
