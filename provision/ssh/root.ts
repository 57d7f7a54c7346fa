import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { type ProvisionError, unreachable } from '../errors.ts';
import type { Channels } from './channel.ts';
import { type Link, lost } from './connect.ts';
import type { Target } from './target.ts';

/** How a shell comes to be root's. */
export type Way =
  | { readonly kind: 'login' }
  | { readonly kind: 'sudo' }
  | { readonly kind: 'sudo with a password'; readonly password: string };

/** How long sudo may think about a password (PAM waits some seconds after a wrong one), in milliseconds. */
const DEADLINE = 30_000;

/**
 * Starts `sh` as root: an empty `script` reads its commands from the channel, another one is given with `-c` and
 * holds no quote, backslash or line end, so that every login shell (bash, fish, csh) hands it on as it is. Where no
 * password is needed what follows can be written at once; whether sudo lets us is seen in the first answer.
 *
 * @throws ProvisionError (unreachable) when sudo does not take the password.
 */
export async function startRoot(link: Link, on: Channels, way: Way, script = ''): Promise<ClientChannel> {
  if (way.kind === 'login') return on.start(`exec ${shell(script)}`);
  // sudo's own words decide what went wrong: they must be the English ones.
  if (way.kind === 'sudo') return on.start(`exec env LC_ALL=C sudo -n ${shell(script)}`);
  const prompt = `password-${randomBytes(8).toString('hex')}`;
  const ready = randomBytes(8).toString('hex');
  // Written with a gap: when sudo refuses a command it says which, and that must not look like the command's words.
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

/** What sudo has said when it did not start the shell, as a person should read it; undefined for other words. */
export function sudoRefusal({ place, user }: Target, words: string): ProvisionError | undefined {
  const found = refusals.find(({ test }) => test.test(words));
  if (!found) return undefined;
  return unreachable({ place, what: found.what(user), said: words, todo: found.todo(user) });
}

const refusals: readonly { test: RegExp; what: (user: string) => string; todo: (user: string) => string }[] =
  [
    {
      test: /incorrect password|try again|no password was provided|authentication failed/i,
      what: (user) => `sudo did not take the password of user "${user}"`,
      todo: () => 'give the right one (sudo_password_file in the inventory, or --ask-become-pass)',
    },
    {
      test: /password is required|authentication is required|terminal is required/i,
      what: (user) => `sudo asks user "${user}" for a password`,
      todo: (user) =>
        `give it (sudo_password_file in the inventory, or --ask-become-pass), or let sudo ask for none: ${user} ALL=(ALL) NOPASSWD: ALL in /etc/sudoers.d/${user}`,
    },
    {
      test: /must have a tty/i,
      what: (user) => `sudo wants a terminal for user "${user}" (requiretty)`,
      todo: (user) => `add to the host's sudoers: Defaults:${user} !requiretty`,
    },
    {
      test: /not in the sudoers|not allowed to|may not run sudo|unknown user/i,
      what: (user) => `user "${user}" may not become root with sudo`,
      todo: (user) => `as root there: usermod -aG sudo ${user}, or log in as another user`,
    },
    {
      test: /sudo['’:"]*:? *(no such file|(command )?not found)/i,
      what: () => 'there is no sudo on the host',
      todo: () => 'as root there: apt-get install sudo, or log in as root',
    },
  ];

interface Talk {
  readonly prompt: string;
  readonly ready: string;
  readonly password: string;
}

/** Gives the password when it is asked for, and only then: a shell that needs none would run it as a command. */
function answer(link: Link, channel: ClientChannel, { prompt, ready, password }: Talk): Promise<void> {
  return new Promise((resolve, reject) => {
    let words = '';
    let given = false;
    const done = (error?: ProvisionError) => {
      clearTimeout(late);
      channel.stderr.off('data', hear);
      channel.off('data', hear);
      channel.off('close', close);
      error ? reject(error) : resolve();
    };
    const refusal = (what: string) => {
      const said = words.replaceAll(prompt, '').trim();
      return sudoRefusal(link.target, said) ?? lost(link, what, said);
    };
    const late = setTimeout(() => done(refusal('sudo did not answer in time')), DEADLINE);
    const close = () => done(refusal('the shell could not be started as root'));
    const hear = (chunk: Buffer) => {
      words += chunk.toString('latin1');
      if (words.includes(ready)) return done();
      const asked = words.split(prompt).length - 1;
      if (asked > 1) done(sudoRefusal(link.target, 'incorrect password'));
      else if (asked === 1 && !given) {
        given = true;
        channel.write(`${password}\n`);
      }
    };
    channel.stderr.on('data', hear);
    channel.on('data', hear);
    channel.on('close', close);
  });
}

function shell(script: string): string {
  return script === '' ? 'sh' : `sh -c '${script}'`;
}
