// GraphiQL without a CDN: bundled from npm at the first visit, then kept on disk under the versions it was made of.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import { sha256Hex } from '@oort/kernel-wire';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.ttf': 'font/ttf', '.html': 'text/html; charset=utf-8',
};
const folder = '/graphiql/';
const entries = ['page', 'editor.worker', 'json.worker', 'graphql.worker'] as const;

export class GraphiqlPage {
  readonly #directory: string;
  #bundled: Promise<void> | null = null;

  constructor(cacheDirectory: string, private readonly graphqlPath: string) {
    const versions = ['graphiql', 'react', 'monaco-graphql'].map((name) => readFileSync(require.resolve(`${name}/package.json`), 'utf8'));
    this.#directory = join(cacheDirectory, `graphiql-${sha256Hex([...versions, readFileSync(__filename, 'utf8')].join()).slice(0, 16)}`);
  }

  /** False when the path is not one of its own. */
  async answer(path: string, response: ServerResponse): Promise<boolean> {
    if (path === '/' || path === '/graphiql') {
      send(response, '.html', Buffer.from(html(this.graphqlPath)));
      return true;
    }
    const name = path.startsWith(folder) ? path.slice(folder.length) : '';
    if (!/^[\w.-]+$/.test(name) || types[extname(name)] === undefined) return false;
    await (this.#bundled ??= this.bundle());
    const file = join(this.#directory, name);
    if (!existsSync(file)) return false;
    send(response, extname(name), readFileSync(file));
    return true;
  }

  /** Made aside and renamed, so that a kill leaves no half bundle. */
  private async bundle(): Promise<void> {
    if (existsSync(this.#directory)) return;
    const aside = `${this.#directory}.${process.pid}`;
    mkdirSync(aside, { recursive: true });
    const sources: Readonly<Record<(typeof entries)[number], string>> = {
      'page': pageSource(this.graphqlPath),
      'editor.worker': 'import "monaco-editor/esm/vs/editor/editor.worker.js";',
      'json.worker': 'import "monaco-editor/esm/vs/language/json/json.worker.js";',
      'graphql.worker': 'import "monaco-graphql/esm/graphql.worker.js";',
    };
    for (const entry of entries) {
      await build({
        stdin: { contents: sources[entry], resolveDir: __dirname, loader: 'js', sourcefile: `${entry}.js` },
        outfile: join(aside, `${entry}.js`), bundle: true, minify: true, format: 'iife', target: 'es2022', logLevel: 'silent',
        loader: { '.ttf': 'file' }, assetNames: '[name]-[hash]', define: { 'process.env.NODE_ENV': '"production"' },
      });
    }
    writeFileSync(join(aside, 'complete.html'), '');
    try {
      renameSync(aside, this.#directory);
    } catch {
      rmSync(aside, { recursive: true, force: true });
    }
  }
}

function send(response: ServerResponse, extension: string, body: Buffer): void {
  response.writeHead(200, { 'content-type': types[extension] ?? 'application/octet-stream', 'content-length': body.length }).end(body);
}

function pageSource(graphqlPath: string): string {
  return `import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import 'graphiql/style.css';
const workers = { json: 'json.worker', graphql: 'graphql.worker' };
globalThis.MonacoEnvironment = { getWorker: (_, label) => new Worker('${folder}' + (workers[label] ?? 'editor.worker') + '.js') };
const url = new URL('${graphqlPath}', location.href);
const fetcher = createGraphiQLFetcher({ url: url.href, subscriptionUrl: url.href.replace(/^http/, 'ws') });
const defaultQuery = '{\\n  chainStatus { chainId stableBlock }\\n  nodes(first: 10) { edges { node { id kind online trust } } }\\n}\\n';
createRoot(document.getElementById('graphiql')).render(createElement(GraphiQL, { fetcher, defaultQuery, defaultEditorToolsVisibility: 'headers' }));`;
}

function html(graphqlPath: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>OORT GraphQL</title>
<link rel="stylesheet" href="${folder}page.css"><style>html,body,#graphiql{height:100%;margin:0}</style></head>
<body><div id="graphiql">GraphiQL loads; the endpoint is <code>${graphqlPath}</code>.</div><script src="${folder}page.js"></script></body></html>`;
}
