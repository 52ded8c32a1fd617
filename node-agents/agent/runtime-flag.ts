// How the agent tells its sandbox process which runtime to use. Not an environment variable: the sandbox has no environment.
export const cudaFlag = '--cuda';

export function usesCuda(): boolean {
  return process.argv.includes(cudaFlag);
}
