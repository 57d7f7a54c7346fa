import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { type ProvisionError, unreachable } from '../errors.ts';
import type { Channels } from './channel.ts';
import { type Link, lost } from './connect.ts';
import type { Target } from './target.ts';

/** How a shell becomes root. */
export type Way =
  | { readonly kind: 'login' }
  | { readonly kind: 'sudo' }
  | { readonly kind: 'sudo with a password'; readonly password: string };

/** Time limit for sudo to check a password, in milliseconds. PAM waits some seconds after a wrong one. */
const DEADLINE = 30_000;

/**
 * Starts `sh` as root. Without a `script` it reads commands from the channel. A `script` is passed with `-c` and must
 * not contain a quote, a backslash or a newline, so that every login shell (bash, fish, csh) passes it on unchanged. If
 * no password is needed, commands can be written immediately, and the first reply shows whether sudo succeeded.
 *
 * @throws ProvisionError (unreachable) if sudo rejects the password
 */
export async function startRoot(link: Link, on: Channels, way: Way, script = ''): Promise<ClientChannel> {
  if (way.kind === 'login') return on.start(`exec ${shell(script)}`);
  // Errors are recognised by sudo's messages, so these must be in English.
  if (way.kind === 'sudo') return on.start(`exec env LC_ALL=C sudo -n ${shell(script)}`);
  const prompt = `password-${randomBytes(8).toString('hex')}`;
  const ready = randomBytes(8).toString('hex');
  // Written in two parts: when sudo refuses a command it prints it, and that must not match the command's output.
  const command = shell(`echo ready-""${ready} >&2; ${script || 'exec sh'}`);
  const channel = await on.start(`exec env LC_ALL=C sudo -S -p ${prompt} ${command}`);
  try {
    await answer(link, channel, { prompt, ready: `ready-${ready}`, password: way.password });
  } catch (error) {
    channel.destroy();
    throw error;
  }
  return channel;
}

/** Explains sudo's message when it did not start the shell; undefined for other output. */
export function sudoRefusal({ place, user }: Target, output: string): ProvisionError | undefined {
  const found = refusals.find(({ test }) => test.test(output));
  if (!found) return undefined;
  return unreachable({ place, what: found.what(user), said: output, todo: found.todo(user) });
}

const refusals: readonly { test: RegExp; what: (user: string) => string; todo: (user: string) => string }[] =
  [
    {
      test: /incorrect password|try again|no password was provided|authentication failed/i,
      what: (user) => `sudo rejected the password of user "${user}"`,
      todo: () => 'correct it (sudo_password_file in the inventory, or --ask-become-pass)',
    },
    {
      test: /password is required|authentication is required|terminal is required/i,
      what: (user) => `sudo asks user "${user}" for a password`,
      todo: (user) =>
        `provide it (sudo_password_file in the inventory, or --ask-become-pass), or allow sudo without a password: ${user} ALL=(ALL) NOPASSWD: ALL in /etc/sudoers.d/${user}`,
    },
    {
      test: /must have a tty/i,
      what: (user) => `sudo requires a terminal for user "${user}" (requiretty)`,
      todo: (user) => `add this line to the sudoers file of the host: Defaults:${user} !requiretty`,
    },
    {
      test: /not in the sudoers|not allowed to|may not run sudo|unknown user/i,
      what: (user) => `user "${user}" is not allowed to become root with sudo`,
      todo: (user) => `log in as another user, or run as root on the host: usermod -aG sudo ${user}`,
    },
    {
      test: /sudo['’:"]*:? *(no such file|(command )?not found)/i,
      what: () => 'sudo is not installed on the host',
      todo: () => 'log in as root, or run as root on the host: apt-get install sudo',
    },
  ];

interface Dialogue {
  readonly prompt: string;
  readonly ready: string;
  readonly password: string;
}

/** Sends the password only if sudo asks for it; otherwise the shell would run it as a command. */
function answer(link: Link, channel: ClientChannel, { prompt, ready, password }: Dialogue): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    let given = false;
    const done = (error?: ProvisionError) => {
      clearTimeout(late);
      channel.stderr.off('data', collect);
      channel.off('data', collect);
      channel.off('close', close);
      error ? reject(error) : resolve();
    };
    const refusal = (what: string) => {
      const said = output.replaceAll(prompt, '').trim();
      return sudoRefusal(link.target, said) ?? lost(link, what, said);
    };
    const late = setTimeout(() => done(refusal('sudo timed out')), DEADLINE);
    const close = () => done(refusal('the shell could not be started as root'));
    const collect = (chunk: Buffer) => {
      output += chunk.toString('latin1');
      if (output.includes(ready)) return done();
      const asked = output.split(prompt).length - 1;
      if (asked > 1) done(sudoRefusal(link.target, 'incorrect password'));
      else if (asked === 1 && !given) {
        given = true;
        channel.write(`${password}\n`);
      }
    };
    channel.stderr.on('data', collect);
    channel.on('data', collect);
    channel.on('close', close);
  });
}

function shell(script: string): string {
  return script === '' ? 'sh' : `sh -c '${script}'`;
}
