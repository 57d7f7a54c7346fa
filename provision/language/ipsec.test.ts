import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { type Ipsec, ipsecProbe, readIpsec } from './ipsec.ts';

const KERNEL = '6.12.48-cloud-amd64';
const modules = `lib/modules/${KERNEL}`;
const [ESP, USER] = [`${modules}/kernel/net/ipv4/esp4.ko`, `${modules}/kernel/net/xfrm/xfrm_user.ko`];
const builtin = `${modules}/modules.builtin`;
const config = 'proc/config.gz';

/** The output of the probe with this folder as its root, in a real shell with `set -e`. */
function probed(root: string, kernel: string): string {
  const script = `set -e\nkernel=${kernel}\n${ipsecProbe(root).text}`;
  return execFileSync('sh', { input: script, encoding: 'utf8' });
}

function read(stdout: string, kernel: string): Ipsec {
  const value = new Map([...stdout.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, text]) => [key, text ?? '']));
  return readIpsec((key) => (key === 'kernel' ? kernel : (value.get(key) ?? '')));
}

/** Writes the files of a machine; a name ending in a slash is a folder, and one ending in `.gz` is compressed. */
function machine(root: string, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, name.endsWith('.gz') ? gzipSync(content) : content);
  }
  return root;
}

t.test('the files of a machine', async (t) => {
  const both = 'kernel/net/xfrm/xfrm_user.ko\nkernel/net/ipv4/esp4.ko\n';
  const none = `there is no /${modules}, and no /proc/config.gz`;
  const unset = 'CONFIG_XFRM_USER=y\n# CONFIG_INET_ESP is not set\nCONFIG_INET_ESP_OFFLOAD=y\n';
  const table: [string, Record<string, string>, Ipsec['has'], string][] = [
    [
      'Debian: modules that are not loaded',
      { [`${ESP}.xz`]: '', [`${USER}.xz`]: '', [builtin]: '' },
      'yes',
      'esp4 is installed, xfrm_user is installed',
    ],
    [
      'Ubuntu: modules that are loaded',
      { 'sys/module/esp4/': '', 'sys/module/xfrm_user/': '', [`${ESP}.zst`]: '', [builtin]: '' },
      'yes',
      'esp4 is loaded, xfrm_user is loaded',
    ],
    ['built in', { [builtin]: both }, 'yes', 'esp4 is built in, xfrm_user is built in'],
    [
      'not installed',
      { [USER]: '', [builtin]: 'kernel/net/ipv4/esp4_offload.ko\n' },
      'no',
      `/${modules} has no module esp4`,
    ],
    [
      'neither',
      { [builtin]: '' },
      'no',
      `/${modules} has no module esp4, /${modules} has no module xfrm_user`,
    ],
    ['built without it, no modules', { [config]: unset }, 'no', '/proc/config.gz has no CONFIG_INET_ESP'],
    [
      'built with it, no modules',
      { [config]: 'CONFIG_INET_ESP=y\nCONFIG_XFRM_USER=y\n' },
      'yes',
      'esp4 is built in, xfrm_user is built in',
    ],
    [
      'a container, whose modules are those of its host',
      { [config]: 'CONFIG_INET_ESP=m\nCONFIG_XFRM_USER=y\n' },
      'unknown',
      `esp4 is a module, and there is no /${modules}`,
    ],
    [
      'a container whose host has loaded them',
      { 'sys/module/esp4/': '', 'sys/module/xfrm_user/': '' },
      'yes',
      'esp4 is loaded, xfrm_user is loaded',
    ],
    ['a container without any evidence', {}, 'unknown', none],
    ['a container with evidence for one feature', { 'sys/module/xfrm_user/': '' }, 'unknown', none],
    [
      'no for one, unknown for the other',
      { [config]: 'CONFIG_INET_ESP=m\n' },
      'no',
      '/proc/config.gz has no CONFIG_XFRM_USER',
    ],
    [
      'another kernel is installed',
      { [ESP.replace('48', '49')]: '', [USER.replace('48', '49')]: '' },
      'unknown',
      none,
    ],
  ];
  const folder = t.testdir();
  for (const [i, [name, files, has, seen]] of table.entries()) {
    const root = machine(join(folder, `${i}`), { 'proc/': '', ...files });
    t.strictSame(read(probed(root, KERNEL), KERNEL), { has, seen }, name);
  }
});

t.test('recorded output of a kernel with neither ESP nor modules', async (t) => {
  const stdout = 'config=yes\nCONFIG_XFRM_USER=y\n';
  t.strictSame(read(stdout, '6.18.44'), { has: 'no', seen: '/proc/config.gz has no CONFIG_INET_ESP' });
});

t.test('the probe matches the kernel of this computer', async (t) => {
  const { has, seen } = read(probed('', release()), release());
  t.comment(`${has}: ${seen}`);
  const state =
    'ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 mode transport aead "rfc4106(gcm(aes))" 0x1111111111111111111111111111111111111111 64';
  const tried = spawnSync('unshare', ['--map-root-user', '--net', 'sh', '-c', state], { encoding: 'utf8' });
  if (tried.status === 0) t.not(has, 'no', 'it has encrypted');
  else if (/not found\.|not supported/.test(tried.stderr)) t.not(has, 'yes', tried.stderr.trim());
  else t.comment(`nothing can be tried here: ${tried.error?.message ?? tried.stderr.trim()}`);
});
