import {
  type Artefact,
  absent,
  apt,
  archive,
  directory,
  inputError,
  role,
  symlink,
} from '../../provision/index.ts';
import { vars } from './vars.ts';

const FOLDER = '/opt/node';
const CURRENT = `${FOLDER}/current`;

/** The pinned Node.js, or the distribution's package; both as `/opt/node/current/bin/node` and as `node` on the PATH. */
export const nodejs = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars: { source, runtime } }) => [
    directory(FOLDER),
    ...(source === 'npm'
      ? pinned(runtime)
      : [apt.packages(['nodejs']), symlink(CURRENT, { target: '/usr' })]),
  ],
  remove: ({ vars: { source } }) => [
    absent('/usr/local/bin/node'),
    absent(FOLDER),
    ...(source === 'distro' ? [apt.absent(['nodejs'])] : []),
  ],
});

function pinned(runtime: Artefact | null) {
  if (!runtime) {
    const todo = 'the approach fetches it with nodeRuntime()';
    throw inputError({ place: 'nodejs.runtime', what: 'missing', todo });
  }
  return [
    archive(`${FOLDER}/${runtime.version}`, runtime, { stripComponents: 1 }),
    symlink(CURRENT, { target: runtime.version }),
    symlink('/usr/local/bin/node', { target: `${CURRENT}/bin/node` }),
  ];
}

export { nodeRuntime } from './runtime.ts';
