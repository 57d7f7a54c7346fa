import type { Resource } from '../../../language/resource.ts';
import { type Script, sh } from '../../../shell/sh.ts';
import { type ComposeProject, type ComposeState, composeProject } from './project.ts';
import { question, type Services } from './services.ts';

export interface ComposeImagesOptions extends ComposeProject {
  readonly services: Services;
  /** Advice for when an image cannot be pulled, shown at the end of the error. */
  readonly hint?: string;
}

/** The images of the services are on the host. An image that is already there is not pulled again. */
export function images({ services, hint, ...project }: ComposeImagesOptions): Resource<ComposeState> {
  const wanted = [...new Set(Object.values(services).map(({ image }) => image))];
  return {
    kind: 'docker.compose.images',
    name: wanted.join(' '),
    timeout: 3600,
    probe: composeProject(question(project, services)),
    plan: (state) =>
      wanted
        .filter((image) => !state.images.has(image))
        .map((image) => ({ summary: `pull ${image}`, script: pull(image, hint) })),
  };
}

const pull = (image: string, hint: string | undefined): Script => sh`echo ${`pulling ${image}`} >&9
said=$(docker pull --quiet ${image} 2>&1) || {
printf '%s\n' "$said" | tail -n 4 >&2
echo ${`this host cannot pull ${image}${hint ? `: ${hint}` : ''}`} >&2
exit 1
}`;
