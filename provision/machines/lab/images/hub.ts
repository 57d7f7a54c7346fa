/** A command that succeeds on a machine that can reach Docker Hub. Any HTTP response counts, even an error. */
export const checkHub = [
  ...['curl', '--silent', '--show-error', '--output', '/dev/null', '--max-time', '6'],
  'https://registry-1.docker.io/v2/',
];
