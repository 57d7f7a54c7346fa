import { createServer } from 'node:net';
import { execa } from 'execa';

/** The network bridge of a test's Docker daemon. Without one, the daemon would remove another daemon's bridge. */
export interface Bridge {
  readonly name: string;
  /** Removes the bridge and frees its number. */
  release(): Promise<void>;
}

/** How many daemons can run at the same time. */
const limit = 16;

/** Creates the first bridge that no other run uses. Requires root. */
export async function takeBridge(): Promise<Bridge> {
  for (let number = 0; number < limit; number++) {
    const free = await reserve(`theapp-dockerd-${number}`);
    if (free) return await create(number, free);
  }
  throw new Error(`${limit} tests are already running a Docker daemon: end one of them`);
}

async function create(number: number, free: () => void): Promise<Bridge> {
  const name = `theapp-docker${number}`;
  const remove = () => execa('ip', ['link', 'delete', name], { reject: false });
  // a killed run may have left it behind
  await remove();
  await execa('ip', ['link', 'add', name, 'type', 'bridge']);
  await execa('ip', ['address', 'add', `10.77.239.${4 * number + 1}/30`, 'dev', name]);
  await execa('ip', ['link', 'set', name, 'up']);
  const release = async () => {
    await remove();
    free();
  };
  return { name, release };
}

/** Reserves a name in Linux's abstract socket namespace, which disappears with the process, even after a crash. */
function reserve(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(`\0${name}`, () => resolve(() => server.close()));
    server.unref();
  });
}
