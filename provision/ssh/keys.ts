import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import { inputError } from '../errors.ts';
import type { Host } from '../host.ts';
import { agentKeys } from './agent.ts';
import { home, resolve } from './config.ts';

/** What a private key file holds: a key, or why there is none. */
export interface Found {
  readonly key?: ParsedKey;
  /** The public key's bytes, known for most encrypted keys too: an agent may hold the private one. */
  readonly publicKey?: Buffer;
  readonly problem?: { readonly why: string; readonly todo: string };
}

type Parse = (data: string) => ParsedKey | Error;

/**
 * For use before anything is contacted: every key file that the host names can be read and used.
 *
 * @throws ProvisionError (input) that says which cannot, and what to do.
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

/** Reads a private key of OpenSSH's, PEM's or PuTTY's format. */
export function readKey(file: string, parse: Parse): Found {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, 'code') : '';
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : String(code);
    return { problem: { why, todo: 'give the path of a private key that you may read' } };
  }
  const key = parse(converted(text));
  // OpenSSH's format could hold several keys; it never does.
  const one = Array.isArray(key) ? (key[0] as ParsedKey | Error) : key;
  if (one instanceof Error) return { ...publicPart(file, text), problem: reason(file, text, one) };
  if (!one.isPrivateKey()) {
    return {
      publicKey: one.getPublicSSH(),
      problem: { why: 'it is a public key', todo: `give the private one: ${file.replace(/\.pub$/, '')}` },
    };
  }
  return { key: one, publicKey: one.getPublicSSH() };
}

/** RSA and ECDSA keys in PKCS8, which ssh2 does not read, as the PEM that it does. */
function converted(text: string): string {
  if (!/^-----BEGIN PRIVATE KEY-----/m.test(text)) return text;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'rsa') return String(key.export({ type: 'pkcs1', format: 'pem' }));
    if (key.asymmetricKeyType === 'ec') return String(key.export({ type: 'sec1', format: 'pem' }));
  } catch {
    // Not a key at all: the parser says so.
  }
  return text;
}

function reason(file: string, text: string, error: Error): { why: string; todo: string } {
  if (/ENCRYPTED PRIVATE KEY|encrypted/i.test(text.slice(0, 200) + error.message)) {
    return { why: 'it is encrypted and no agent holds it', todo: `ssh-add ${file}` };
  }
  if (/sk-(ssh|ecdsa)/.test(error.message)) {
    return { why: 'keys on FIDO tokens are not supported', todo: 'use another key: ssh-keygen -t ed25519' };
  }
  if (/BEGIN PRIVATE KEY/.test(text)) {
    return {
      why: 'Ed25519 keys in the PKCS8 format are not supported',
      todo: 'make one in the OpenSSH format: ssh-keygen -t ed25519',
    };
  }
  return {
    why: `not a private key that is known here (${error.message})`,
    todo: 'ssh-keygen -t ed25519 makes one',
  };
}

/** The public key stands in clear in an encrypted OpenSSH file (PROTOCOL.key), and beside it in FILE.pub. */
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
    // Cipher, key derivation and its options come first, then the number of keys.
    for (let i = 0; i < 3; i++) string();
    at += 4;
    return { publicKey: Buffer.from(string()) };
  } catch {
    return {};
  }
}
