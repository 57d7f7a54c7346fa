import { isIP } from 'node:net';
import { homedir, userInfo } from 'node:os';
import { inputError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Target, Trust } from './target.ts';

/** The output of `ssh -G`: keyword in lower case → its values, one per line. */
type Settings = ReadonlyMap<string, readonly string[]>;

const KEEPALIVE = { seconds: 15, maxMissed: 3 };

/** The defaults of ssh_config(5), for computers without `ssh`. */
const WITHOUT_SSH: Settings = new Map([
  ['userknownhostsfile', ['~/.ssh/known_hosts']],
  ['globalknownhostsfile', ['/etc/ssh/ssh_known_hosts']],
  ['identityfile', ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519']],
  ['note', ['the ssh program is missing, so ssh_config was not read: apt-get install openssh-client']],
]);

/**
 * Completes a host with the settings of ssh_config. The host's own settings take precedence; if they are complete,
 * `ssh -G` is not started. `config` is a file to use instead of the user's own (`ssh -F`).
 *
 * @throws ProvisionError (input) if ssh_config is invalid or uses ProxyCommand, which is not supported
 */
export async function resolve(host: Host, config?: string): Promise<Target> {
  const settings = complete(host) ? new Map<string, string[]>() : await ask(host, config);
  const address = one(settings, 'hostname') ?? host.address;
  const port = host.port ?? Number(one(settings, 'port') ?? 22);
  if (one(settings, 'proxycommand')) {
    throw inputError({
      place: host.name,
      what: 'ssh_config sets ProxyCommand for this host, which is not supported',
      todo: 'use ProxyJump instead',
    });
  }
  const agent = agentSocket(settings.get('identityagent')?.at(-1));
  return {
    place: host.name,
    address,
    port,
    user: host.user ?? one(settings, 'user') ?? userInfo().username,
    keyFiles: (host.keyFiles ?? []).map(home),
    identityFiles: all(settings, 'identityfile').map(home),
    identitiesOnly: one(settings, 'identitiesonly') === 'yes',
    ...(agent ? { agent } : {}),
    trust: trustOf(host, settings, address, port),
    jumps: (one(settings, 'proxyjump') ?? '').split(',').filter(Boolean),
    keepalive: keepaliveOf(settings),
    ...(one(settings, 'note') ? { note: String(one(settings, 'note')) } : {}),
  };
}

/** Replaces a leading `~` with the user's home folder. */
export function home(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir());
}

function complete(host: Host): boolean {
  const trusted = host.hostKeys !== undefined || host.acceptNewIn !== undefined;
  return isIP(host.address) !== 0 && Boolean(host.port && host.user && host.keyFiles?.length && trusted);
}

async function ask(host: Host, config: string | undefined): Promise<Settings> {
  const { execa } = await import('execa');
  const said = await execa(
    'ssh',
    [
      '-G',
      ...(config ? ['-F', config] : []),
      ...(host.port ? ['-p', String(host.port)] : []),
      ...(host.user ? ['-l', host.user] : []),
      '--',
      host.address,
    ],
    { reject: false, stdin: 'ignore', timeout: 20_000 },
  );
  // Without an `ssh` program, the host's own settings and the usual defaults are used.
  if (said.code === 'ENOENT') return WITHOUT_SSH;
  if (said.exitCode !== 0) {
    throw inputError({
      place: host.name,
      what: `ssh -G ${host.address} failed`,
      said: said.stderr,
      todo: 'correct the ssh_config that the output names',
    });
  }
  return settingsOf(said.stdout);
}

/** Parses the output of `ssh -G`. */
export function settingsOf(text: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    settings.set(key.toLowerCase(), [...(settings.get(key.toLowerCase()) ?? []), value]);
  }
  return settings;
}

/** The values of a keyword, without `none`, which unsets it. */
function all(settings: Settings, key: string): string[] {
  return (settings.get(key) ?? []).filter((value) => value !== 'none');
}

function one(settings: Settings, key: string): string | undefined {
  return all(settings, key).at(-1);
}

function keepaliveOf(settings: Settings): Target['keepalive'] {
  const seconds = Number(one(settings, 'serveraliveinterval') ?? 0);
  return seconds > 0 ? { seconds, maxMissed: Number(one(settings, 'serveralivecountmax') ?? 3) } : KEEPALIVE;
}

/** `SSH_AUTH_SOCK` and `$NAME` refer to environment variables (ssh_config(5), IdentityAgent). */
function agentSocket(setting: string | undefined): string | undefined {
  if (setting === undefined || setting === 'SSH_AUTH_SOCK') return process.env.SSH_AUTH_SOCK || undefined;
  if (setting === 'none') return undefined;
  if (setting.startsWith('$')) return process.env[setting.slice(1).replace(/^\{|\}$/g, '')] || undefined;
  return home(setting);
}

function trustOf(host: Host, settings: Settings, address: string, port: number): Trust {
  if (host.hostKeys) return { kind: 'exactly', keys: host.hostKeys };
  const plain = port === 22 ? address : `[${address}]:${port}`;
  const name = (one(settings, 'hostkeyalias') ?? plain).toLowerCase();
  if (host.acceptNewIn) return { kind: 'files', files: [home(host.acceptNewIn)], name, acceptNew: true };
  const files = ['userknownhostsfile', 'globalknownhostsfile']
    .flatMap((key) => all(settings, key))
    .flatMap((value) => value.split(' '))
    .map(home);
  // "no" and "off" would also accept a changed key, so they are treated as accept-new.
  const acceptNew = /^(accept-new|no|off|false)$/.test(one(settings, 'stricthostkeychecking') ?? '');
  return { kind: 'files', files, name, acceptNew };
}
