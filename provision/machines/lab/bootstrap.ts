import { join } from 'node:path';
import { privateFolder } from '../../computer/files.ts';
import { type KeyPair, keyPair } from '../../computer/keys.ts';
import { imagesFolder } from './folders.ts';

/**
 * The identity that every machine wakes up with, before it gets its own: who may log in, and its host key. It is
 * known to nobody but this lab, which so never has to trust a key on first sight.
 */
export async function bootstrapKeys(): Promise<{ user: KeyPair; host: KeyPair }> {
  const folder = privateFolder(join(imagesFolder(), 'bootstrap'));
  return { user: await keyPair(join(folder, 'key')), host: await keyPair(join(folder, 'host_key')) };
}
