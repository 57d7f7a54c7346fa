/** A reader that closes stdout early, such as `head`, is not an error: what follows is not printed. */
export function toleratePipes(stdout: NodeJS.WriteStream = process.stdout): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
