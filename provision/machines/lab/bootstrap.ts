import { join } from 'node:path';
import { privateFolder } from '../../computer/files.ts';
import { type KeyPair, keyPair } from '../../computer/keys.ts';
import { imagesFolder } from './folders.ts';

/**
 * The keys that every machine boots with before it gets its own: the user's and the host's. Only this lab has them, so
 * it never has to trust a host key on first use.
 */
export async function bootstrapKeys(): Promise<{ user: KeyPair; host: KeyPair }> {
  const folder = privateFolder(join(imagesFolder(), 'bootstrap'));
  return { user: await keyPair(join(folder, 'key')), host: await keyPair(join(folder, 'host_key')) };
}
