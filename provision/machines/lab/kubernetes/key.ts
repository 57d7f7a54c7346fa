import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { privateFolder, writeWhole } from '../../../computer/files.ts';
import { withLock } from '../../../computer/lock.ts';
import type { Program } from '../../../computer/programs.ts';
import { imagesFolder } from '../folders.ts';

/** The programs that sign. */
export const keyPrograms: Program[] = [
  { name: 'gpg', package: 'gpg' },
  { name: 'gpg-agent', package: 'gpg-agent' },
];

/** A text signed with the lab's key, and the key that verifies it. */
export interface Signed {
  readonly text: string;
  /** The public key in ASCII armour, and its fingerprint: 40 hexadecimal digits. */
  readonly key: string;
  readonly fingerprint: string;
}

/** Signs a text with the key of the lab's package repository (RFC 9580: cleartext signature). Creates the key once. */
export async function clearsigned(text: string): Promise<Signed> {
  const secret = await secretKey();
  return await withKeyring(async (gpg) => {
    await gpg(['--import'], readFileSync(secret, 'utf8'));
    const listed = await gpg(['--with-colons', '--list-keys']);
    return {
      text: await gpg(['--clearsign', '--digest-algo', 'SHA512'], text),
      key: await gpg(['--armor', '--export']),
      fingerprint: /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '',
    };
  });
}

/** The file of the secret key, which only the owner of the lab can read. */
async function secretKey(): Promise<string> {
  const file = join(privateFolder(imagesFolder()), 'repository-key.asc');
  await withLock(
    file,
    'creating a key',
    () => undefined,
    async () => {
      if (existsSync(file)) return;
      await withKeyring(async (gpg) => {
        await gpg(['--generate-key'], parameters);
        writeWhole(file, await gpg(['--armor', '--export-secret-keys']));
      });
    },
  );
  return file;
}

const parameters = `%no-protection
Key-Type: eddsa
Key-Curve: ed25519
Key-Usage: sign
Name-Real: package repository of a lab
Expire-Date: 0
%commit
`;

type Gpg = (words: readonly string[], input?: string) => Promise<string>;

/** Works with an empty keyring, which is then removed. Its path must be short: gpg's agent listens on a socket there. */
async function withKeyring<T>(work: (gpg: Gpg) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'gpg-'));
  const env = { GNUPGHOME: home, LC_ALL: 'C' };
  try {
    return await work(async (words, input = '') => {
      const { stdout } = await execa('gpg', ['--batch', '--quiet', ...words], {
        env,
        input,
        stripFinalNewline: false,
      });
      return stdout;
    });
  } finally {
    await execa('gpgconf', ['--kill', 'all'], { env, reject: false });
    rmSync(home, { recursive: true, force: true });
  }
}
