import { createServer } from 'node:net';
import { execa } from 'execa';

/** A network for containers that are hosts, on this computer. */
export interface Network {
  /** Of the containers. */
  readonly bridge: string;
  readonly prefix: string;
  /** This computer's address in it. */
  readonly gateway: string;
  /** The daemon's own bridge, which nobody is on: with none it would remove that of another Docker. */
  readonly own: string;
  /** The network and its name are free again; nobody may be on it any more. */
  leave(): Promise<void>;
}

/** So many runs can go on at the same time. */
const places = 8;

/** The first network that no other run is on. Wants root. */
export async function takeNetwork(): Promise<Network> {
  for (let place = 0; place < places; place++) {
    const release = await hold(`theapp-light-${place}`);
    if (release) return await made(place, release);
  }
  throw new Error(`${places} runs with containers are going on: end one of them`);
}

async function made(place: number, release: () => void): Promise<Network> {
  const [bridge, own] = [`theapp-light${place}`, `theapp-docker${place}`];
  const gone = async () => {
    for (const name of [bridge, own]) await execa('ip', ['link', 'delete', name], { reject: false });
  };
  // what a run before has left when it was killed
  await gone();
  await execa('ip', ['link', 'add', own, 'type', 'bridge']);
  await execa('ip', ['address', 'add', `10.77.239.${4 * place + 1}/30`, 'dev', own]);
  await execa('ip', ['link', 'set', own, 'up']);
  const prefix = `10.77.${240 + place}`;
  const leave = async () => {
    await gone();
    release();
  };
  return { bridge, own, prefix, gateway: `${prefix}.1`, leave };
}

/** A name in Linux's abstract socket namespace goes with its process, so that no crash leaves it behind. */
function hold(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(`\0${name}`, () => resolve(() => server.close()));
    server.unref();
  });
}
