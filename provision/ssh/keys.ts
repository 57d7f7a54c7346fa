import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import { inputError } from '../errors.ts';
import type { Host } from '../host.ts';
import { agentKeys } from './agent.ts';
import { home, resolve } from './config.ts';

/** The content of a private key file: a key, or why it cannot be used. */
export interface Found {
  readonly key?: ParsedKey;
  /** The public key's bytes. Also known for most encrypted keys, which an agent may hold decrypted. */
  readonly publicKey?: Buffer;
  readonly problem?: { readonly why: string; readonly todo: string };
}

type Parse = (data: string) => ParsedKey | Error;

/**
 * Checks before any connection that every key file named by the host can be used.
 *
 * @throws ProvisionError (input) with the key that cannot be used, and what to do
 */
export async function checkKeys(host: Host, config?: string): Promise<void> {
  if (!host.keyFiles?.length) return;
  const { utils } = (await import('ssh2')).default;
  for (const file of host.keyFiles.map(home)) {
    const { problem, publicKey } = readKey(file, utils.parseKey);
    if (!problem) continue;
    const { agent } = await resolve(host, config);
    const held = publicKey && agent ? await agentKeys(agent) : [];
    if (held.some(({ key }) => publicKey?.equals(key.getPublicSSH()))) continue;
    throw inputError({ place: host.name, what: `the key ${file} cannot be used`, ...problem });
  }
}

/** Reads a private key in OpenSSH, PEM or PuTTY format. */
export function readKey(file: string, parse: Parse): Found {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, 'code') : '';
    const why =
      code === 'ENOENT' ? 'it does not exist' : code === 'EACCES' ? 'permission denied' : String(code);
    return { problem: { why, todo: 'use the path of a private key that you can read' } };
  }
  const key = parse(converted(text));
  // The OpenSSH format allows several keys in a file, but files only ever contain one.
  const one = Array.isArray(key) ? (key[0] as ParsedKey | Error) : key;
  if (one instanceof Error) return { ...publicPart(file, text), problem: reason(file, text, one) };
  if (!one.isPrivateKey()) {
    return {
      publicKey: one.getPublicSSH(),
      problem: { why: 'it is a public key', todo: `use the private key: ${file.replace(/\.pub$/, '')}` },
    };
  }
  return { key: one, publicKey: one.getPublicSSH() };
}

/** Converts RSA and ECDSA keys from PKCS8, which ssh2 cannot read, to a PEM format that it can. */
function converted(text: string): string {
  if (!/^-----BEGIN PRIVATE KEY-----/m.test(text)) return text;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'rsa') return String(key.export({ type: 'pkcs1', format: 'pem' }));
    if (key.asymmetricKeyType === 'ec') return String(key.export({ type: 'sec1', format: 'pem' }));
  } catch {
    // Not a key; the parser reports it.
  }
  return text;
}

function reason(file: string, text: string, error: Error): { why: string; todo: string } {
  if (/ENCRYPTED PRIVATE KEY|encrypted/i.test(text.slice(0, 200) + error.message)) {
    return { why: 'it is encrypted and not in an agent', todo: `ssh-add ${file}` };
  }
  if (/sk-(ssh|ecdsa)/.test(error.message)) {
    return {
      why: 'keys on FIDO tokens are not supported',
      todo: 'use another key, for example a new one: ssh-keygen -t ed25519',
    };
  }
  if (/BEGIN PRIVATE KEY/.test(text)) {
    return {
      why: 'Ed25519 keys in the PKCS8 format are not supported',
      todo: 'create one in the OpenSSH format: ssh-keygen -t ed25519',
    };
  }
  return {
    why: `not a private key in a supported format (${error.message})`,
    todo: 'create one: ssh-keygen -t ed25519',
  };
}

/** The public key is not encrypted in an OpenSSH file (PROTOCOL.key); for other formats it is read from FILE.pub. */
function publicPart(file: string, text: string): { publicKey?: Buffer } {
  const body = /BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  try {
    if (body === undefined) {
      const encoded = readFileSync(`${file}.pub`, 'utf8').split(' ')[1];
      return encoded ? { publicKey: Buffer.from(encoded, 'base64') } : {};
    }
    const bytes = Buffer.from(body, 'base64');
    let at = 'openssh-key-v1\0'.length;
    const string = () => {
      const from = at + 4;
      at = from + bytes.readUInt32BE(at);
      return bytes.subarray(from, at);
    };
    // The cipher, the key derivation and its options come first, then the number of keys.
    for (let i = 0; i < 3; i++) string();
    at += 4;
    return { publicKey: Buffer.from(string()) };
  } catch {
    return {};
  }
}
