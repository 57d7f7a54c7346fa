import { createServer } from 'node:net';
import { execa } from 'execa';

/** The bridge that a private Docker has as its own: with none it would remove that of another Docker. */
export interface Bridge {
  readonly name: string;
  /** The bridge and its place are free again. */
  leave(): Promise<void>;
}

/** So many runs can go on at the same time. */
const places = 16;

/** The first bridge that no other run has. Requires root. */
export async function takeBridge(): Promise<Bridge> {
  for (let place = 0; place < places; place++) {
    const release = await hold(`theapp-dockerd-${place}`);
    if (release) return await made(place, release);
  }
  throw new Error(`${places} tests run a Docker of their own: end one of them`);
}

async function made(place: number, release: () => void): Promise<Bridge> {
  const name = `theapp-docker${place}`;
  const gone = () => execa('ip', ['link', 'delete', name], { reject: false });
  // what a run before has left when it was killed
  await gone();
  await execa('ip', ['link', 'add', name, 'type', 'bridge']);
  await execa('ip', ['address', 'add', `10.77.239.${4 * place + 1}/30`, 'dev', name]);
  await execa('ip', ['link', 'set', name, 'up']);
  const leave = async () => {
    await gone();
    release();
  };
  return { name, leave };
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
