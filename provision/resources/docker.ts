import { down } from './docker/compose/down.ts';
import { images } from './docker/compose/images.ts';
import { up } from './docker/compose/services.ts';
import { built } from './docker/image/build.ts';
import { digestOf, pushed } from './docker/image/push.ts';
import { tags } from './docker/image/tags.ts';
import { loggedIn, loggedOut } from './docker/login.ts';

/** Images, Compose projects, stacks and swarms, by the `docker` command that is on the host. */
export const docker = {
  login: Object.assign(loggedIn, { absent: loggedOut }),
  image: Object.assign(built, { pushed, digestOf }),
  images: tags,
  compose: { images, up, down },
};
