/** NODE_OPTIONS of a process that is a node: a young generation of up to 192 MB. What a transaction leaves behind dies with its block, and
 *  in a small one it lives long enough to be copied. */
export const nodeEngineOptions = '--max-semi-space-size=64';
