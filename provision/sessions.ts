import { inputError } from './errors.ts';
import type { Host, Provider } from './machines/provider.ts';
import type { Session } from './session.ts';
import { type Secret, secret } from './shell/secret.ts';
import { openSession } from './ssh/open.ts';

/** Seconds to wait for a machine: one that a provider brings up may still boot; one of an inventory should be there. */
const BOOT_SECONDS = 240;
const CONNECT_SECONDS = 10;

/** How a run opens a session on a host. */
export type Open = (host: Host, progress: (line: string) => void) => Promise<Session>;

export function opener(provider: Provider['name'], signal: AbortSignal, sudoPassword?: Secret): Open {
  const patient = provider !== 'static';
  const sudo = sudoPassword ? { password: sudoPassword } : {};
  const connectSeconds = patient ? BOOT_SECONDS : CONNECT_SECONDS;
  return (host, progress) => openSession(host, { sudo, connectSeconds, progress, signal, retry: true });
}

/** Asks for the password that sudo wants, without showing it. @throws ProvisionError (input) without a terminal */
export async function askPassword(): Promise<Secret> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw inputError({
      place: '--ask-become-pass',
      what: 'needs a terminal to ask on',
      todo: 'write sudo_password_file: FILE in the inventory instead',
    });
  }
  stderr.write('sudo password: ');
  stdin.setRawMode(true);
  let typed = '';
  try {
    for await (const chunk of stdin) {
      for (const char of String(chunk)) {
        if (char === '\r' || char === '\n') return secret(typed);
        if (char === '\u0003') process.exit(130);
        typed = char === '\u007f' ? typed.slice(0, -1) : typed + char;
      }
    }
    return secret(typed);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
