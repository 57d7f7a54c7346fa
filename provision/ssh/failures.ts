import { ProvisionError, unreachable } from '../errors.ts';
import { endpoint, type Target } from './target.ts';

/** Whether another attempt may succeed: the machine may be booting, or the server may be overloaded. */
export type Cause = 'booting' | 'crowded' | 'final';

/** Why a connection failed, and whether another attempt may succeed. */
export interface Diagnosis {
  readonly error: ProvisionError;
  readonly cause: Cause;
  /** A short form for progress lines. */
  readonly short: string;
}

/** Thrown by a failed attempt, for the code that decides about the next one. */
export class ConnectError extends Error {
  readonly diagnosis: Diagnosis;

  constructor(diagnosis: Diagnosis) {
    super(diagnosis.error.message, { cause: diagnosis.error });
    this.diagnosis = diagnosis;
  }
}

interface Wording {
  readonly test: (code: string, message: string) => boolean;
  readonly cause: Cause;
  readonly what: (at: string, target: Target) => string;
  readonly short: string;
  /** Whether the raw error adds information to `what`. */
  readonly raw?: boolean;
  readonly todo?: (target: Target) => string;
}

const is =
  (...codes: string[]) =>
  (code: string) =>
    codes.includes(code);
const matches = (pattern: RegExp) => (_: string, message: string) => pattern.test(message);

/** The error code used here if a jump host fails to connect to the next host. */
export const FORWARD_FAILED = 'EFORWARD';

const wordings: readonly Wording[] = [
  {
    test: is(FORWARD_FAILED),
    cause: 'booting',
    what: (at) => `the jump host could not connect to ${at}`,
    short: 'the jump host cannot connect',
    raw: true,
    todo: () => 'check that the machine is up and that the jump host can reach it',
  },
  {
    test: is('ECONNREFUSED'),
    cause: 'booting',
    what: (at) => `nothing is listening at ${at}: connection refused`,
    short: 'connection refused',
    todo: ({ port }) =>
      `check that the machine is up, that sshd runs there, and that ${port} is the right port`,
  },
  {
    test: is('EHOSTUNREACH', 'EHOSTDOWN'),
    cause: 'booting',
    what: (at) => `no route to ${at}: no machine has that address`,
    short: 'no route to the machine',
    todo: () => 'check that the machine is up and that its address is correct',
  },
  {
    test: is('ENETUNREACH', 'EADDRNOTAVAIL'),
    cause: 'final',
    what: (at) => `this computer has no route to the network of ${at}`,
    short: 'no route',
    todo: () => 'check the network connection or VPN of this computer, and the address',
  },
  {
    test: is('ENOTFOUND'),
    cause: 'final',
    what: (_, { address }) => `the name "${address}" does not exist in DNS, /etc/hosts or ssh_config`,
    short: 'unknown host name',
    todo: () => 'check how it is spelt, or use an IP address',
  },
  {
    test: is('EAI_AGAIN'),
    cause: 'booting',
    what: (_, { address }) => `the name "${address}" could not be resolved: DNS does not answer`,
    short: 'DNS does not answer',
    todo: () => 'check that this computer is online, or use an IP address',
  },
  {
    test: matches(/no matching (key exchange|C->S|S->C|host key|cipher|MAC)/i),
    cause: 'final',
    what: (at) => `the SSH server at ${at} and this program have no algorithm in common`,
    short: 'no common algorithm',
    todo: () =>
      'allow one in sshd_config on the host, such as KexAlgorithms +curve25519-sha256, HostKeyAlgorithms +ssh-ed25519 or Ciphers +aes128-gcm@openssh.com (servers that offer only post-quantum key exchange are not supported)',
  },
  {
    test: matches(/too many authentication failures/i),
    cause: 'final',
    what: (at, { user }) => `${at} closed the connection: too many keys were tried for user "${user}"`,
    short: 'too many keys',
    todo: () =>
      'name the right key (key in the inventory, or IdentityFile with IdentitiesOnly yes in ssh_config)',
  },
  // Before timeouts: node-ssh reports ETIMEDOUT if the server closes the connection.
  {
    test: (code, message) =>
      is('ECONNRESET', 'EPIPE')(code) || /before handshake|No response from server/.test(message),
    cause: 'crowded',
    what: (at) => `${at} closed the connection before it was established`,
    short: 'connection closed',
    todo: () =>
      'check that an SSH server is listening there, and read its log (MaxStartups, AllowUsers, nologin, TCP wrappers)',
  },
  {
    test: (code, message) => code === 'ETIMEDOUT' || /timed out/i.test(message),
    cause: 'booting',
    what: (at) => `${at} does not answer as an SSH server: timed out`,
    short: 'no answer',
    todo: () => 'check that the machine is up and that no firewall blocks the connection',
  },
  {
    test: matches(/Invalid identification|Protocol version|Packet length|malformed|Bad packet/i),
    cause: 'final',
    what: (at) => `the service at ${at} does not speak SSH 2`,
    short: 'not SSH',
    todo: ({ port }) => `check that ${port} is the port of the SSH server`,
  },
];

/** Explains a raw connection error. */
export function diagnose(target: Target, error: unknown): Diagnosis {
  if (error instanceof ProvisionError) return { error, cause: 'final', short: error.parts.what };
  const raw = firstOf(error);
  const code = String(Reflect.get(raw, 'code') ?? '');
  const found = wordings.find(({ test }) => test(code, raw.message));
  const what = found?.what(endpoint(target), target) ?? `no connection to ${endpoint(target)}`;
  const why = found && !found.raw ? {} : { why: raw.message };
  const todo = found?.todo ? { todo: found.todo(target) } : {};
  const said = target.note ? { said: target.note } : {};
  return {
    error: unreachable({ place: target.place, what, ...why, ...said, ...todo }, error),
    cause: found?.cause ?? 'final',
    short: found?.short ?? raw.message,
  };
}

/** A name with several addresses fails with one error for each of them. */
function firstOf(error: unknown): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error instanceof Error ? error : new Error(String(error));
}
