import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { execa } from 'execa';
import { withLock } from './lock.ts';

/** A key pair in OpenSSH's format. `file` is the private key, mode 0600; `public` its one line, without comment. */
export interface KeyPair {
  readonly file: string;
  readonly public: string;
}

/** The Ed25519 pair in `file` and `file.pub`, made if it is not there yet. */
export async function keyPair(file: string): Promise<KeyPair> {
  if (!existsSync(file))
    await withLock(
      file,
      'makes a key',
      () => {},
      () => makeKey(file),
    );
  const [type, key] = readFileSync(`${file}.pub`, 'utf8').trim().split(' ');
  return { file, public: `${type} ${key}` };
}

/** The private half gets its name last: where it is, the other is too. */
async function makeKey(file: string): Promise<void> {
  if (existsSync(file)) return;
  const draft = `${file}.draft`;
  for (const old of [draft, `${draft}.pub`]) rmSync(old, { force: true });
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'theapp-lab', '-f', draft]);
  renameSync(`${draft}.pub`, `${file}.pub`);
  renameSync(draft, file);
}
