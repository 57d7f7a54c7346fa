import { images } from './docker/compose/images.ts';
import { down } from './docker/compose/removal.ts';
import { up } from './docker/compose/services.ts';
import { built } from './docker/image/build.ts';
import { digestOf, pushed } from './docker/image/push.ts';
import { tags } from './docker/image/tags.ts';
import { loggedIn, loggedOut } from './docker/login.ts';
import { converged } from './docker/stack/convergence.ts';
import { deployed } from './docker/stack/deployment.ts';
import { stackDocument } from './docker/stack/document.ts';
import { removed, volumesRemoved } from './docker/stack/removal.ts';
import { present, pruned, type Versioned, versioned } from './docker/stack/versions.ts';
import { init, join, leave } from './docker/swarm/membership.ts';
import { nodes, pruned as nodesPruned } from './docker/swarm/nodes.ts';
import { settings } from './docker/swarm/settings.ts';

/** Images, Compose projects, stacks and swarms, by the `docker` command that is on the host. */
export const docker = {
  login: Object.assign(loggedIn, { absent: loggedOut }),
  image: Object.assign(built, { pushed, digestOf }),
  images: tags,
  compose: { images, up, down },
  stack: {
    /** Not a resource: reads a stack file for the others. */
    document: stackDocument,
    /** Not a resource: names a secret or config by its content. */
    versioned,
    secrets: (stack: string, wanted: readonly Versioned[]) => present('secret', stack, wanted),
    configs: (stack: string, wanted: readonly Versioned[]) => present('config', stack, wanted),
    deployed,
    converged,
    versions: pruned,
    absent: removed,
    volumes: { absent: volumesRemoved },
  },
  swarm: { init, join, leave, settings, nodes: Object.assign(nodes, { pruned: nodesPruned }) },
};
