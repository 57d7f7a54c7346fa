import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import t from 'tap';
import { explain } from '../errors.ts';
import type { Host } from '../host.ts';
import { agent } from '../testing/ssh/agent.ts';
import { newKey } from '../testing/ssh/sshd.ts';
import { checkKeys, readKey } from './keys.ts';

const folder = t.testdir();
const config = `${folder}/ssh_config`;
writeFileSync(config, 'IdentityAgent none\n');
const host = (file: string): Host => ({
  name: 'box',
  address: '127.0.0.1',
  keyFiles: [file],
  groups: [],
  forwarded: {},
  vars: {},
});

function pem(name: string, ...args: string[]): string {
  const file = `${folder}/${name}`;
  execFileSync('openssl', ['genpkey', '-out', file, ...args], { stdio: 'ignore' });
  return file;
}

function text(name: string, content: string): string {
  writeFileSync(`${folder}/${name}`, content);
  return `${folder}/${name}`;
}

const ed25519 = newKey(`${folder}/ed25519`);
const encrypted = newKey(`${folder}/encrypted`, 'ed25519', 'secret');
const pemEncrypted = `${folder}/pem`;
execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-m', 'PEM', '-N', 'secret', '-f', pemEncrypted]);
/** A private key file for a key on a FIDO token, as written by ssh-keygen -t ed25519-sk (PROTOCOL.u2f). */
const fido = () => {
  const string = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const type = 'sk-ssh-ed25519@openssh.com';
  const open = Buffer.concat([string(type), string(Buffer.alloc(32, 1)), string('ssh:')]);
  const hidden = [Buffer.alloc(8), open, Buffer.from([1]), string('handle'), string(''), string('me')];
  const padded = Buffer.concat(hidden);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (padded.length % 8)) % 8);
  const one = Buffer.from([0, 0, 0, 1]);
  const head = [Buffer.from('openssh-key-v1\0'), string('none'), string('none'), string(''), one];
  const all = Buffer.concat([...head, string(open), string(Buffer.concat([padded, padding]))]);
  const lines = all
    .toString('base64')
    .match(/.{1,70}/g)
    ?.join('\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
};

const good = {
  'OpenSSH, Ed25519': ed25519,
  'OpenSSH, RSA': newKey(`${folder}/rsa`, 'rsa'),
  'OpenSSH, ECDSA': newKey(`${folder}/ecdsa`, 'ecdsa'),
  'PKCS8, RSA': pem('pkcs8-rsa', '-algorithm', 'RSA'),
  'PKCS8, ECDSA': pem('pkcs8-ec', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'),
};
for (const [name, file] of Object.entries(good)) {
  t.test(`a usable key: ${name}`, async (t) => {
    t.ok(readKey(file, ssh2.utils.parseKey).key?.isPrivateKey());
    await t.resolves(checkKeys(host(file), config));
  });
}

const bad: [name: string, file: string, words: RegExp][] = [
  ['missing', `${folder}/none`, /the key .*none cannot be used: it does not exist\n {2}→ use the path/],
  ['a directory', folder, /cannot be used: EISDIR/],
  ['encrypted', encrypted, /it is encrypted and not in an agent\n {2}→ ssh-add .*encrypted$/],
  ['encrypted PEM', pemEncrypted, /it is encrypted .*\n {2}→ ssh-add/],
  [
    'PKCS8 Ed25519',
    pem('pkcs8-ed', '-algorithm', 'ED25519'),
    /PKCS8 format are not supported\n {2}→ .*ssh-keygen/,
  ],
  ['on a token', text('fido', fido()), /FIDO tokens are not supported\n {2}→ use another key/],
  ['a public key', `${ed25519}.pub`, /it is a public key\n {2}→ use the private key: .*\/ed25519$/],
  ['empty', text('empty', ''), /not a private key/],
  ['something else', text('else', 'hello\n'), /not a private key/],
];
for (const [name, file, words] of bad) {
  t.test(`an unusable key: ${name}`, async (t) => {
    const error = await checkKeys(host(file), config).catch((error) => error);
    t.match(error, { kind: 'input' });
    t.match(explain(error), words);
  });
}

t.test('an encrypted key can be used through an agent', async (t) => {
  const plain = newKey(`${t.testdir()}/key`);
  const running = await agent(t, plain);
  const file = `${t.testdirName}/encrypted`;
  writeFileSync(file, readFileSync(plain));
  chmodSync(file, 0o600);
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', file]);
  rmSync(`${file}.pub`, { force: true });
  writeFileSync(`${t.testdirName}/ssh_config`, `IdentityAgent ${running}\n`);
  await t.resolves(checkKeys(host(file), `${t.testdirName}/ssh_config`));
});
