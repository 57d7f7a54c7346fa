import { request } from 'node:https';
import { dirname } from 'node:path';
import { freePort } from '../../../provision/computer/ports.ts';
import { type Host, sh } from '../../../provision/index.ts';
import { sshOptions } from '../../../provision/machines/lab/door.ts';
import type { Credentials } from './credentials.ts';

/** The port of the API server. */
const PORT = 6443;
/** Every API server has this name in its certificate, so it can be verified at any address. */
export const NAME = 'kubernetes';

/** How this computer reaches the API. */
export interface Route {
  readonly server: string;
  /** The SSH command that must run meanwhile, if there is no direct way. */
  readonly tunnel?: string;
}

/** The first address of a control plane at which the API answers this person; otherwise a tunnel to the first one. */
export async function routeTo(controlPlanes: readonly Host[], credentials: Credentials): Promise<Route> {
  for (const host of controlPlanes)
    for (const server of serversOf(host)) if (await answers(server, credentials)) return { server };
  const [host] = controlPlanes;
  if (!host) throw new RangeError('there is no control plane');
  const port = await freePort();
  return { server: `https://127.0.0.1:${port}`, tunnel: tunnelTo(host, port) };
}

function serversOf({ forwarded, privateAddress, address }: Host): string[] {
  const forward = forwarded[PORT];
  const own = privateAddress === undefined ? [address] : [privateAddress, address];
  const direct = own
    .filter((one) => !/^(localhost|127\.)/.test(one))
    .map((one) => ({ address: one, port: PORT }));
  return [...(forward ? [forward] : []), ...direct].map(
    ({ address, port }) => `https://${address.includes(':') ? `[${address}]` : address}:${port}`,
  );
}

/** Milliseconds to wait: a packet that a firewall drops has no answer. */
const DEADLINE = 3000;

/** Whether the API server of this cluster is there, and accepts the certificate. */
function answers(server: string, { ca, cert, key }: Credentials): Promise<boolean> {
  const options = { ca, cert, key, servername: NAME, agent: false, timeout: DEADLINE };
  return new Promise((resolve) => {
    const question = request(`${server}/version`, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    question.on('timeout', () => question.destroy());
    question.on('error', () => resolve(false));
    question.on('close', () => resolve(false));
    question.end();
  });
}

/** The command for ssh(1). Machines of the lab have keys of their own; all others are in ssh_config. */
function tunnelTo(host: Host, port: number): string {
  const { name, address, keyFiles = [], hostKeys = [] } = host;
  const forward = ['-N', '-L', `127.0.0.1:${port}:${host.privateAddress ?? '127.0.0.1'}:${PORT}`];
  const [keyFile] = keyFiles;
  const [hostKey] = hostKeys;
  if (keyFile !== undefined && hostKey !== undefined && host.port !== undefined)
    return sh`ssh ${[...forward, ...sshOptions({ name, folder: dirname(keyFile), port: host.port, keyFile, hostKey }), address]}`
      .text;
  const words = [
    ...(host.port === undefined ? [] : ['-p', `${host.port}`]),
    ...(keyFile === undefined ? [] : ['-i', keyFile]),
    host.user === undefined ? address : `${host.user}@${address}`,
  ];
  return sh`ssh ${[...forward, ...words]}`.text;
}
