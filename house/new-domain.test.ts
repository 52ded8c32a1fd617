import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'graphql';
import ts from 'typescript';
import { domainFiles, DomainRefused } from './new-domain';

const root = join(__dirname, '..');

describe('a new domain', () => {
  it('comes on the floor plan of the others and compiles under the strictest settings', () => {
    // Inside the repository, so that the workspace's packages resolve.
    const place = mkdtempSync(join(root, '.build-domain-'));
    try {
      const files = domainFiles('lost-property', root);
      for (const [path, content] of files) {
        const file = join(place, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content.replaceAll('@oort/schema/events/lost-property', '../../schema/events/lost-property').replace("'./visibility'", "'@oort/schema/events/visibility'"));
      }
      parse(files.get('schema/sdl/lost-property.graphql') ?? '');
      const options = ts.parseJsonConfigFileContent(ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)).config, ts.sys, root).options;
      const sources = [...files.keys()].filter((path) => path.endsWith('.ts')).map((path) => join(place, path));
      const program = ts.createProgram(sources, { ...options, composite: false, incremental: false, noEmit: true, emitDeclarationOnly: false, declaration: false });
      const own = ts.getPreEmitDiagnostics(program).filter(({ file }) => file?.fileName.startsWith(place));
      expect(own.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

  it('is refused for a name that is taken or crooked', () => {
    expect(() => domainFiles('audit', root)).toThrow(DomainRefused);
    expect(() => domainFiles('Lost Property', root)).toThrow(DomainRefused);
  });
});
