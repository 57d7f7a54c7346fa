import type { Provider } from '../machines/provider.ts';
import type { Open } from '../run/options.ts';
import type { Secret } from '../shell/secret.ts';
import { openSession } from '../ssh/open.ts';

/** Seconds to wait for SSH. A machine that a provider has just started may still be booting; one in an inventory should be up. */
const BOOT_SECONDS = 240;
const CONNECT_SECONDS = 10;

export function opener(provider: Provider['name'], signal: AbortSignal, sudoPassword?: Secret): Open {
  const patient = provider !== 'static';
  const sudo = sudoPassword ? { password: sudoPassword } : {};
  const connectSeconds = patient ? BOOT_SECONDS : CONNECT_SECONDS;
  return (host, progress) => openSession(host, { sudo, connectSeconds, progress, signal, retry: true });
}
